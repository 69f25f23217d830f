//# plain
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        tx.execute(&order.title)
    })
}
//# bound
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let done: Done<usize> = transaction!(tx = conn, {
        tx.execute(&order.title)
    });
    done
}
//# question_mark
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let count = transaction!(tx = conn, {
        tx.execute(&order.title)
    })?;
    Ok(count)
}
//# then_used
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let count = transaction!(tx = conn, {
        tx.execute(&order.title)
    })?;
    borrow(&order);
    Ok(count)
}
//# returns_early
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        if order.id > 0 {
            return Ok(3);
        }
        tx.execute(&order.title)
    })
}
//# question_marks_inside
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        tx.execute("x")?;
        tx.execute(&order.title)
    })
}
//# needless_return
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        return tx.execute(&order.title);
    })
}
//# unused_inside
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        let unused = 3;
        tx.execute(&order.title)
    })
}
//# unused_mut_inside
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        let mut count = 3;
        tx.execute(&order.title).map(|it| it ^ count)
    })
}
//# unused_assignment_inside
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        let mut count = 3;
        count = tx.execute(&order.title)?;
        Ok(count)
    })
}
//# unused_result_inside
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        tx.execute(&order.title);
        Ok(3)
    })
}
//# unused_must_use_inside
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        important();
        tx.execute(&order.title)
    })
}
//# unused_block
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        tx.execute(&order.title)
    });
    Ok(3)
}
//# tx_not_used
//~ only plain unused_variables: unused
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        Ok(order.lines.len())
    })
}
//# moves
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        let count = tx.execute(&order.title)?;
        send(order);
        Ok(count)
    })
}
//# loop
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        for line in &order.lines {
            tx.execute(&line.to_string())?;
        }
        Ok(3)
    })
}
//# in_a_loop
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    for line in &order.lines {
        transaction!(tx = &mut *conn, {
            tx.execute(&line.to_string())
        })?;
    }
    Ok(3)
}
//# items_first
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        const NAME: &str = "x";
        tx.execute(NAME)
    }).map(|it| it ^ order.lines.len())
}
//# macros
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        println!("{}", order.id);
        tx.execute(&order.title)
    })
}
//# casts
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        let id = order.id as u8;
        tx.execute(&id.to_string())
    })
}
//# clones
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        let title = order.title.clone();
        tx.execute(&title)
    })
}
//# unwraps
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        let line = order.lines.first().unwrap();
        tx.execute(&line.to_string())
    })
}
//# arithmetic
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        let id = order.id + 1;
        tx.execute(&id.to_string())
    })
}
//# diverges
//~ only plain unused_variables: unused
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        panic!("{}", order.id)
    })
}
//# unreachable
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        return tx.execute(&order.title);
        tx.execute("y")
    })
}
//# let_else
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        let Some(line) = order.lines.first() else { return Ok(0) };
        tx.execute(&line.to_string())
    })
}
//# closure_inside
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        let change = |it: usize| it ^ order.lines.len();
        tx.execute("x").map(change)
    })
}
//# nested
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(outer = conn, {
        transaction!(tx = outer, { tx.execute(&order.title) })
    })
}
//# with_options
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, read_only, { tx.execute(&order.title) })
}
//# with_an_arrow
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn => { tx.execute(&order.title) })
}
//# app_error
pub fn f(conn: &mut Connection, order: Order) -> Result<usize, AppError> {
    transaction!(tx = conn, {
        tx.execute(&order.title)?;
        Err(AppError::new("x"))
    })
}
//# let_and_return
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let done = transaction!(tx = conn, {
        tx.execute(&order.title)
    });
    done
}
//# reborrows
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let count = transaction!(tx = &mut *conn, {
        tx.execute(&order.title)
    })?;
    conn.execute("y").map(|it| it ^ count)
}
//# deprecated
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        old();
        tx.execute(&order.title)
    })
}
//# mutates_outside
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    let mut count = 0;
    let done = transaction!(tx = conn, {
        count += 1;
        tx.execute(&order.title)
    });
    done.map(|it| it ^ count)
}
//# shadows
pub fn f(conn: &mut Connection, order: Order) -> Done<usize> {
    transaction!(tx = conn, {
        let order = order.title;
        tx.execute(&order)
    })
}
