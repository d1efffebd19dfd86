//! TLS for both ways to a gateway: the certificates of the system, and those that the operator names.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::ClientError;

/// Whom connections trust; empty when nothing is encrypted.
#[derive(Debug, Default)]
pub(super) struct Trust {
    roots: Vec<CertificateDer<'static>>,
}

impl Trust {
    /// Reads the certificates of the system (`SSL_CERT_FILE` and `SSL_CERT_DIR` name others), and those of `file`.
    pub(super) fn read(file: Option<&Path>) -> Result<Self, ClientError> {
        let mut roots = rustls_native_certs::load_native_certs().certs;
        if let Some(file) = file {
            roots.extend(certificates(file)?);
        }
        Ok(Self { roots })
    }

    /// The settings of HTTP requests.
    pub(super) fn for_http(&self) -> TlsConfig {
        let certificate = |root: &CertificateDer<'_>| Certificate::from_der(root).to_owned();
        let roots: Vec<Certificate<'static>> = self.roots.iter().map(certificate).collect();
        TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&roots))
            .unversioned_rustls_crypto_provider(provider())
            .build()
    }

    /// The settings of WebSockets.
    pub(super) fn for_sockets(&self) -> Result<Arc<ClientConfig>, rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(self.roots.iter().cloned());
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::new(config))
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let refuse = |source: Box<dyn std::error::Error + Send + Sync>| ClientError::Certificates {
        file: file.display().to_string(),
        source,
    };
    let read = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| refuse(error.into()))?;
    match read.is_empty() {
        true => Err(refuse("the file holds no certificate".into())),
        false => Ok(read),
    }
}
