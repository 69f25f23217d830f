//! MySQL's packets (<https://mariadb.com/kb/en/clientserver-protocol/>).

use std::io;

use tokio::net::TcpStream;

use super::frames::Side;
use super::{Answer, Fate, Plan, Served, first, split_at_commit};

const COM_QUERY: u8 = 3;
const ERR: u8 = 0xff;
/// Of the status in an `OK`: another result follows.
const MORE_RESULTS: u8 = 8;

/// Three bytes of length, and one with the number of the packet, which are not counted.
fn packet_length(bytes: &[u8]) -> Option<usize> {
    let [low, middle, high, _] = *bytes.first_chunk::<4>()?;
    Some(usize::from(low) + (usize::from(middle) << 8) + (usize::from(high) << 16) + 4)
}

struct Session {
    client: Side,
    server: Side,
    plan: Plan,
}

pub(super) async fn serve(client: TcpStream, server: TcpStream, plan: Plan) -> io::Result<()> {
    let mut session = Session {
        client: Side::new(client, packet_length),
        server: Side::new(server, packet_length),
        plan,
    };
    loop {
        tokio::select! {
            // An answer that has come is passed on before the next command.
            biased;
            packet = session.server.next() => session.client.send(&packet?).await?,
            packet = session.client.next() => {
                if session.request(&packet?).await? == Served::No {
                    drop(session.server);
                    return session.client.finish().await;
                }
            }
        }
    }
}

impl Session {
    async fn request(&mut self, packet: &[u8]) -> io::Result<Served> {
        if let Some(sql) = packet[3..].strip_prefix(&[0, COM_QUERY])
            && let (Some(parts), Some(planned)) = (split_at_commit(sql), self.plan.next())
        {
            return self.commit(parts, planned).await;
        }
        self.server.send(packet).await?;
        Ok(Served::On)
    }

    /// A message of statements, of which one is the `COMMIT`.
    async fn commit(
        &mut self,
        (before, rest): (&[u8], &[u8]),
        (answer, fate): (Answer, Fate),
    ) -> io::Result<Served> {
        let before = before.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let mut number = 1;
        for statement in before.filter(|statement| !statement.is_empty()) {
            let mut said = self.ask(statement).await?;
            said[3] = number;
            number += 1;
            if said[4] == ERR {
                self.client.send(&said).await?;
                return Ok(Served::On);
            }
            // Neither rows nor an id come before it, which would be longer than a byte each.
            said[7] |= MORE_RESULTS;
            self.client.send(&said).await?;
        }
        self.plan.done();
        self.ask(match fate {
            Fate::Stored => first(rest),
            Fate::Undone => b"ROLLBACK",
        })
        .await?;
        let Answer::MySql {
            number: error,
            state,
        } = answer
        else {
            return Ok(Served::No);
        };
        self.client.send(&said(number, error, state)).await?;
        Ok(Served::On)
    }

    /// The answer to a statement without rows.
    async fn ask(&mut self, sql: &[u8]) -> io::Result<Vec<u8>> {
        let command = packet(0, &[&[COM_QUERY], sql].concat());
        self.server.send(&command).await?;
        self.server.next().await
    }
}

fn packet(number: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let [low, middle, high, _] = length.to_le_bytes();
    [&[low, middle, high, number], body].concat()
}

fn said(number: u8, error: u16, state: &str) -> Vec<u8> {
    let words = format!("#{state}said in the place of the server");
    packet(
        number,
        &[&[ERR][..], &error.to_le_bytes()[..], words.as_bytes()].concat(),
    )
}
