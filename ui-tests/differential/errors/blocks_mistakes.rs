//# wrong_tail
//~ only annotated E0308: expected
//~ only plain E0308: expected
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        3
    })
}
//# wrong_ok
//~ only annotated E0308: expected
//~ only plain E0308: expected
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        tx.execute(&order.title)?;
        Ok("x")
    })
}
//# wrong_ok_type
//~ only annotated E0308: expected
//~ only plain E0308: expected
pub fn f(conn: &mut Connection, order: Order) -> Done<String> {
    transaction!(tx = conn, {
        tx.execute(&order.title)
    })
}
//# wrong_error
//~ only annotated E0308: expected
//~ only plain E0308: expected
pub fn f(conn: &mut Connection, order: Order) -> Result<usize, AppError> {
    transaction!(tx = conn, {
        tx.execute(&order.title)
    })
}
//# wrong_let
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        let id: u8 = "x";
        tx.execute(&order.title)
    })
}
//# wrong_return
//~ only annotated E0308: expected
//~ only plain E0308: expected
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        if true { return Ok("x"); }
        tx.execute(&order.title)
    })
}
//# wrong_argument
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        tx.execute(3)
    })
}
//# unknown_name
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        drop(unknown);
        tx.execute(&order.title)
    })
}
//# unknown_method
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        tx.exeute("x")
    })
}
//# unknown_connection
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = con, { tx.execute(&order.title) })
}
//# misspelt_tx
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        tz.execute("x")
    })
}
//# used_after_move
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        send(order);
        send(order);
        tx.execute("x")
    })
}
//# moved_inside_and_used
//~ other words E0382: closure
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        send(order);
        tx.execute("x")
    })?;
    send(order);
    Ok(3)
}
//# not_mutable
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        order.lines.push(3);
        tx.execute(&order.title)
    })
}
//# uses_connection_inside
//~ only annotated E0382: advice
//~ only plain E0382: advice
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        conn.execute("x")?;
        tx.execute(&order.title)
    })
}
//# question_mark_of_option
//~ other words E0277: closure
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        order.lines.first()?;
        tx.execute(&order.title)
    })
}
//# question_mark_of_other_error
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        "3".parse::<u8>()?;
        tx.execute(&order.title)
    })
}
//# break_inside
//~ other words E0267: closure
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    loop {
        transaction!(tx = conn, {
            break;
            tx.execute(&order.title)
        })?;
    }
}
//# await_in_sync
//~ only annotated E0277: source
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        wait().await;
        tx.execute(&order.title)
    })
}
//# type_needed
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        let list = Vec::new();
        drop(list);
        tx.execute(&order.title)
    })
}
//# syntax
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        let = 3;
        tx.execute(&order.title)
    })
}
//# missing_tail
//~ only annotated E0308: expected
//~ only plain E0277: expected
//~ only plain E0308: expected
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        tx.execute(&order.title)?;
    })
}
//# returns_local
pub fn f(conn: &mut Connection, order: Order) -> Done<&'static str> {
    transaction!(tx = conn, {
        let text = String::new();
        tx.execute(&text)?;
        Ok(text.as_str())
    })
}
//# missing_arm
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        match order.lines.first() { Some(_) => tx.execute(&order.title) }
    })
}
