//! A proxy on the loopback interface that breaks a connection at its `COMMIT`, before the server has
//! got it or after the server has answered.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Where a connection breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cut {
    /// The server never sees the `COMMIT`.
    BeforeTheServer,
    /// The server has committed, and nobody gets its answer.
    AfterTheServer,
}

/// What becomes of connections that are opened after the cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Then {
    /// They reach the server.
    Serve,
    /// They do not.
    Refuse,
}

#[derive(Debug, Default)]
struct Plan {
    next: Option<(Cut, Then)>,
    refusing: bool,
    cuts: usize,
}

/// A proxy in front of one server. Runs until it is dropped.
#[derive(Debug)]
pub struct CuttingProxy {
    address: SocketAddr,
    plan: Arc<Mutex<Plan>>,
    accepting: JoinHandle<()>,
}

impl CuttingProxy {
    /// Starts a proxy that lets everything through.
    ///
    /// # Errors
    ///
    /// When no port is to be had.
    pub async fn to(host: &str, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let plan = Arc::default();
        let server = (host.to_owned(), port);
        let accepting = tokio::spawn(accept(listener, server, Arc::clone(&plan)));
        Ok(Self {
            address,
            plan,
            accepting,
        })
    }

    /// Where the proxy listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Breaks the connection that sends the next `COMMIT`.
    pub fn cut(&self, cut: Cut, then: Then) {
        lock(&self.plan).next = Some((cut, then));
    }

    /// How many connections were broken.
    #[must_use]
    pub fn cuts(&self) -> usize {
        lock(&self.plan).cuts
    }
}

impl Drop for CuttingProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn lock(plan: &Mutex<Plan>) -> std::sync::MutexGuard<'_, Plan> {
    plan.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, server: (String, u16), plan: Arc<Mutex<Plan>>) {
    while let Ok((client, _)) = listener.accept().await {
        if lock(&plan).refusing {
            continue;
        }
        let Ok(server) = TcpStream::connect((&*server.0, server.1)).await else {
            return;
        };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        tokio::spawn(serve(client, server, Arc::clone(&plan)));
    }
}

/// Passes on what comes, until a side has nothing more to say or the connection is cut.
async fn serve(
    mut client: TcpStream,
    mut server: TcpStream,
    plan: Arc<Mutex<Plan>>,
) -> io::Result<()> {
    let (mut request, mut reply) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            length = client.read(&mut request) => {
                let request = &request[..length?];
                let cut = planned(request, &plan);
                if request.is_empty() || cut == Some(Cut::BeforeTheServer) {
                    return Ok(());
                }
                server.write_all(request).await?;
                if cut == Some(Cut::AfterTheServer) {
                    // Not before the server has done it.
                    let _length = server.read(&mut reply).await?;
                    return Ok(());
                }
            }
            length = server.read(&mut reply) => {
                let reply = &reply[..length?];
                if reply.is_empty() {
                    return Ok(());
                }
                client.write_all(reply).await?;
            }
        }
    }
}

/// What is to happen to this message. The toolkit's savepoints are spelled in small letters.
fn planned(request: &[u8], plan: &Mutex<Plan>) -> Option<Cut> {
    request.windows(6).find(|word| word == b"COMMIT")?;
    let mut plan = lock(plan);
    let (cut, then) = plan.next.take()?;
    plan.refusing = then == Then::Refuse;
    plan.cuts += 1;
    Some(cut)
}
