//# plain
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        tx.execute(&order.title).await
    })
}
//# question_mark
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    let count = transaction!(tx = conn, {
        tx.execute(&order.title).await
    })?;
    Ok(count)
}
//# returns_early
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        if order.id > 0 {
            return Ok(3);
        }
        tx.execute(&order.title).await
    })
}
//# unused_inside
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        let unused = 3;
        tx.execute(&order.title).await
    })
}
//# unused_future_inside
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        wait();
        tx.execute(&order.title).await
    })
}
//# unused_result_inside
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        tx.execute(&order.title).await;
        Ok(3)
    })
}
//# nothing_awaited
//~ only plain unused_variables: unused
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    transaction!(async tx = conn, { Ok(order.lines.len()) })
}
//# loop
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        for line in &order.lines {
            tx.execute(&line.to_string()).await?;
        }
        Ok(3)
    })
}
//# macros
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        println!("{}", order.id);
        tx.execute(&order.title).await
    })
}
//# let_and_return
pub async fn f(conn: &mut AsyncConnection, order: Order) -> Done<usize> {
    let done = transaction!(tx = conn, {
        tx.execute(&order.title).await
    });
    done
}
