//! A proxy on the loopback interface that holds what a client and its server say to each other, so
//! that a future is sure to be waiting when it is dropped.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A proxy in front of one server. Runs until it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    /// What clients send.
    pub requests: Gate,
    /// What the server answers.
    pub replies: Gate,
    ports: Ports,
    accepting: JoinHandle<()>,
}

/// By which a server tells the proxy's connections from those of others.
#[derive(Clone, Debug, Default)]
struct Ports(Arc<Mutex<Vec<u16>>>);

impl Ports {
    fn add(&self, port: u16) {
        let mut ports = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ports.push(port);
    }
}

impl Proxy {
    /// Starts a proxy, with both gates open.
    ///
    /// # Errors
    ///
    /// When no port is to be had.
    pub async fn to<A>(server: A) -> std::io::Result<Self>
    where
        A: ToSocketAddrs + Clone + Send + Sync + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (requests, replies) = (Gate::new(), Gate::new());
        let ports = Ports::default();
        let gates = (requests.clone(), replies.clone());
        let accepting = tokio::spawn(accept(listener, server, gates, ports.clone()));
        Ok(Self {
            address,
            requests,
            replies,
            ports,
            accepting,
        })
    }

    /// Where the proxy listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The ports from which the server has been spoken to.
    #[must_use]
    pub fn ports(&self) -> Vec<u16> {
        let ports = self.ports.0.lock();
        ports.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Breaks the connections that there are; what is held is lost. Later ones are served, and nothing of
    /// theirs is held.
    pub fn cut(&self) {
        for gate in [&self.requests, &self.replies] {
            gate.0.send_modify(|counts| {
                counts.cuts += 1;
                counts.admitted = usize::MAX;
            });
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept<A>(
    listener: TcpListener,
    server: A,
    (requests, replies): (Gate, Gate),
    ports: Ports,
) where
    A: ToSocketAddrs + Clone,
{
    while let Ok((client, _)) = listener.accept().await {
        let Ok(server) = TcpStream::connect(server.clone()).await else {
            return;
        };
        if let Ok(address) = server.local_addr() {
            ports.add(address.port());
        }
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::spawn(pass(from_client, to_server, requests.clone()));
        tokio::spawn(pass(from_server, to_client, replies.clone()));
    }
}

/// Passes on what comes, when the gate lets it through, until the connection ends or is cut.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, gate: Gate) {
    let cuts = gate.0.borrow().cuts;
    let passing = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            gate.wait().await;
            // Another thread may have cut it between the two.
            if gate.0.borrow().cuts > cuts {
                return;
            }
            if to.write_all(&buffer[..length]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        biased;
        () = gate.until(|counts| counts.cuts > cuts) => {}
        () = passing => {}
    }
    let _ = to.shutdown().await;
}

#[derive(Clone, Copy, Debug)]
struct Counts {
    arrived: usize,
    admitted: usize,
    /// How often connections were broken.
    cuts: usize,
}

/// Lets messages through, or one by one.
#[derive(Clone, Debug)]
pub struct Gate(Arc<watch::Sender<Counts>>);

impl Gate {
    fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Counts {
            arrived: 0,
            admitted: usize::MAX,
            cuts: 0,
        })))
    }

    /// Lets nothing more through than what has arrived.
    pub fn hold(&self) {
        self.0
            .send_modify(|counts| counts.admitted = counts.arrived);
    }

    /// Lets one more message through, the one that is held or the next one.
    pub fn release(&self) {
        self.0.send_modify(|counts| counts.admitted += 1);
    }

    /// Lets everything through.
    pub fn open(&self) {
        self.0.send_modify(|counts| counts.admitted = usize::MAX);
    }

    /// How many messages have come so far.
    #[must_use]
    pub fn arrived(&self) -> usize {
        self.0.borrow().arrived
    }

    /// Waits until a message is held.
    pub async fn holding(&self) {
        self.until(|counts| counts.arrived > counts.admitted).await;
    }

    /// Waits for a message's turn.
    async fn wait(&self) {
        let mut turn = 0;
        self.0.send_modify(|counts| {
            counts.arrived += 1;
            turn = counts.arrived;
        });
        self.until(|counts| counts.admitted >= turn).await;
    }

    async fn until(&self, reached: impl FnMut(&Counts) -> bool) {
        // Fails only when the sender is gone, which `self` holds.
        let _ = self.0.subscribe().wait_for(reached).await;
    }
}
