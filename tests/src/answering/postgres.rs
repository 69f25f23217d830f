//! PostgreSQL's messages (<https://www.postgresql.org/docs/current/protocol-message-formats.html>).

use std::io;

use tokio::net::TcpStream;

use super::frames::{Side, be_u32};
use super::{Answer, Fate, Plan, Served, first, split_at_commit};

/// `SSLRequest` and `GSSENCRequest`, which have the place of a version.
const ENCRYPTION: [usize; 2] = [80_877_103, 80_877_104];

/// A type and a length, which counts itself.
fn tagged(bytes: &[u8]) -> Option<usize> {
    be_u32(bytes.get(1..)?).map(|length| length + 1)
}

/// Only the length: the first message has no type.
fn untagged(bytes: &[u8]) -> Option<usize> {
    be_u32(bytes)
}

struct Session {
    client: Side,
    server: Side,
    plan: Plan,
    /// The number of times that the server has yet to say that it is ready.
    awaited: usize,
    /// The name of a prepared `COMMIT`, and of its portal, each with the zero at its end.
    statement: Option<Vec<u8>>,
    portal: Option<Vec<u8>>,
}

pub(super) async fn serve(client: TcpStream, server: TcpStream, plan: Plan) -> io::Result<()> {
    let mut session = Session {
        client: Side::new(client, untagged),
        server: Side::new(server, tagged),
        plan,
        awaited: 1,
        statement: None,
        portal: None,
    };
    session.start().await?;
    loop {
        tokio::select! {
            message = session.client.next() => {
                if session.request(&message?).await? == Served::No {
                    drop(session.server);
                    return session.client.finish().await;
                }
            }
            message = session.server.next() => session.relay(&message?).await?,
        }
    }
}

impl Session {
    /// Passes on the first message. Nothing is encrypted here.
    async fn start(&mut self) -> io::Result<()> {
        loop {
            let message = self.client.next().await?;
            let version = be_u32(&message[4..]);
            if !version.is_some_and(|version| ENCRYPTION.contains(&version)) {
                self.client.length = tagged;
                return self.server.send(&message).await;
            }
            self.client.send(b"N").await?;
        }
    }

    /// Passes on an answer of the server.
    async fn relay(&mut self, message: &[u8]) -> io::Result<()> {
        self.awaited -= usize::from(message[0] == b'Z');
        self.client.send(message).await?;
        self.plan.pause().await;
        Ok(())
    }

    async fn request(&mut self, message: &[u8]) -> io::Result<Served> {
        let body = &message[5..];
        match message[0] {
            b'Q' => {
                if let (Some(parts), Some(planned)) = (split_at_commit(body), self.plan.next()) {
                    return self.simple(parts, planned).await;
                }
                self.awaited += 1;
            }
            b'S' => self.awaited += 1,
            b'P' if split_at_commit(body).is_some() => self.statement = Some(name(body).to_vec()),
            b'B' => {
                let portal = name(body);
                if self.statement.as_deref() == Some(name(&body[portal.len()..])) {
                    self.portal = Some(portal.to_vec());
                }
            }
            b'E' if self.portal.as_deref() == Some(name(body)) => {
                if let Some(planned) = self.plan.next() {
                    return self.extended(message, planned).await;
                }
            }
            _ => {}
        }
        self.server.send(message).await?;
        Ok(Served::On)
    }

    /// A message of statements, of which one is the `COMMIT`.
    async fn simple(
        &mut self,
        (before, rest): (&[u8], &[u8]),
        (answer, fate): (Answer, Fate),
    ) -> io::Result<Served> {
        self.settle().await?;
        if !before.is_empty() {
            self.server.send(&query(before)).await?;
            let (said, ready) = self.until_ready().await?;
            for message in &said {
                self.client.send(message).await?;
            }
            if said.iter().any(|message| message[0] == b'E') {
                self.client.send(&ready).await?;
                return Ok(Served::On);
            }
        }
        self.plan.done();
        if answer == Answer::Notice {
            self.client.send(&said(b'N', "WARNING", "01000")).await?;
        }
        if [Answer::Notice, Answer::OfTheServer].contains(&answer) {
            self.awaited += 1;
            self.server.send(&query(rest)).await?;
            return Ok(Served::On);
        }
        self.server
            .send(&query(match fate {
                Fate::Stored => first(rest),
                Fate::Undone => b"ROLLBACK",
            }))
            .await?;
        self.until_ready().await?;
        self.answer(answer).await
    }

    /// A prepared `COMMIT`, which is answered with what follows it up to the next `Sync`.
    async fn extended(
        &mut self,
        execute: &[u8],
        (answer, fate): (Answer, Fate),
    ) -> io::Result<Served> {
        self.settle().await?;
        self.plan.done();
        let mut message = execute.to_vec();
        loop {
            let is_kept = message[0] != b'E' || fate == Fate::Stored;
            if is_kept {
                self.server.send(&message).await?;
            }
            if message[0] == b'S' {
                break;
            }
            message = self.client.next().await?;
        }
        let (said, _) = self.until_ready().await?;
        for message in said.iter().filter(|message| message[0] != b'C') {
            self.client.send(message).await?;
        }
        if fate == Fate::Undone {
            self.server.send(&query(b"ROLLBACK")).await?;
            self.until_ready().await?;
        }
        self.answer(answer).await
    }

    /// Waits for the answers to everything that was sent before.
    async fn settle(&mut self) -> io::Result<()> {
        while self.awaited > 0 {
            let message = self.server.next().await?;
            self.relay(&message).await?;
        }
        Ok(())
    }

    /// All that the server says until it is ready, and how it says that it is.
    async fn until_ready(&mut self) -> io::Result<(Vec<Vec<u8>>, Vec<u8>)> {
        let mut said = Vec::new();
        loop {
            let message = self.server.next().await?;
            if message[0] == b'Z' {
                return Ok((said, message));
            }
            said.push(message);
        }
    }

    async fn answer(&mut self, answer: Answer) -> io::Result<Served> {
        let Answer::Postgres { severity, code } = answer else {
            return Ok(Served::No);
        };
        self.client.send(&said(b'E', severity, code)).await?;
        if severity != "ERROR" {
            return Ok(Served::No);
        }
        // In no transaction.
        self.client.send(&tag(b'Z', b"I")).await?;
        Ok(Served::On)
    }
}

/// A name with the zero at its end, at the head of a message.
fn name(body: &[u8]) -> &[u8] {
    let end = body.iter().position(|byte| *byte == 0);
    &body[..end.map_or(body.len(), |end| end + 1)]
}

fn tag(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    [&[kind][..], &length.to_be_bytes(), body].concat()
}

fn query(sql: &[u8]) -> Vec<u8> {
    tag(b'Q', &[sql, b"\0"].concat())
}

/// An `ErrorResponse` or a `NoticeResponse`.
fn said(kind: u8, severity: &str, code: &str) -> Vec<u8> {
    let fields = format!("S{severity}\0V{severity}\0C{code}\0Msaid in the place of the server\0\0");
    tag(kind, fields.as_bytes())
}
