use std::io;
use std::net::SocketAddr;
use std::str::FromStr as _;

use anyhow::Result;
use fastrand::Rng;
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The wires between the service and the server, which are cut at a share of the messages, before or after them.
#[derive(Debug)]
pub(super) struct Wires {
    listener: TcpListener,
    server: (String, u16),
    share: f64,
    rng: Rng,
}

impl Wires {
    pub(super) async fn to(url: &str, share: f64, seed: u64) -> Result<Self> {
        let server = PgConnectOptions::from_str(url)?;
        Ok(Self {
            listener: TcpListener::bind(("127.0.0.1", 0)).await?,
            server: (server.get_host().to_owned(), server.get_port()),
            share,
            rng: Rng::with_seed(seed),
        })
    }

    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    pub(super) async fn serve(mut self) {
        let mut wires = JoinSet::new();
        while let Ok((client, _)) = self.listener.accept().await {
            // The server may be away for a while.
            if let Ok(server) = TcpStream::connect((&*self.server.0, self.server.1)).await {
                wires.spawn(carry(client, server, self.share, self.rng.fork()));
            }
            while wires.try_join_next().is_some() {}
        }
    }
}

/// Carries messages until a side ends or one of them meets its cut.
async fn carry(client: TcpStream, server: TcpStream, share: f64, mut rng: Rng) {
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let other = rng.fork();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        _ = pass(from_client, to_server, share, rng) => {}
        _ = pass(from_server, to_client, share, other) => {}
    }
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    share: f64,
    mut rng: Rng,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        let is_cut = length == 0 || rng.f64() < share;
        if !is_cut || rng.bool() {
            to.write_all(&buffer[..length]).await?;
        }
        if is_cut {
            return Ok(());
        }
    }
}
