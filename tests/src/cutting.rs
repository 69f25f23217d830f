//! A proxy on the loopback interface that breaks a connection at its `COMMIT`, before the server has
//! got it or after the server has answered, or that lets something else happen at that moment.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
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
    /// Nowhere; the server gets the `COMMIT` late.
    Late,
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

/// What is waited for at the `COMMIT`.
type Meanwhile = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Default)]
struct Plan {
    next: Option<(Cut, Then, Meanwhile)>,
    refusing: bool,
    cuts: usize,
}

impl fmt::Debug for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let next = self.next.as_ref().map(|(cut, then, _)| (cut, then));
        formatter.debug_tuple("Plan").field(&next).finish()
    }
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
        self.cut_after(cut, then, std::future::ready(()));
    }

    /// The same, once something has happened that is waited for where the connection is to break.
    pub fn cut_after(
        &self,
        cut: Cut,
        then: Then,
        meanwhile: impl Future<Output = ()> + Send + 'static,
    ) {
        lock(&self.plan).next = Some((cut, then, Box::pin(meanwhile)));
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
        // The server may be away for a while.
        let Ok(server) = TcpStream::connect((&*server.0, server.1)).await else {
            continue;
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
                if request.is_empty() {
                    return Ok(());
                }
                match planned(request, &plan) {
                    None => server.write_all(request).await?,
                    Some((Cut::BeforeTheServer, meanwhile)) => {
                        meanwhile.await;
                        return Ok(());
                    }
                    Some((Cut::AfterTheServer, meanwhile)) => {
                        server.write_all(request).await?;
                        // Not before the server has done it.
                        let _length = server.read(&mut reply).await?;
                        meanwhile.await;
                        return Ok(());
                    }
                    Some((Cut::Late, meanwhile)) => {
                        meanwhile.await;
                        server.write_all(request).await?;
                    }
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
fn planned(request: &[u8], plan: &Mutex<Plan>) -> Option<(Cut, Meanwhile)> {
    request.windows(6).find(|word| word == b"COMMIT")?;
    let mut plan = lock(plan);
    let (cut, then, meanwhile) = plan.next.take()?;
    plan.refusing = then == Then::Refuse;
    plan.cuts += 1;
    Some((cut, meanwhile))
}
