import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { isIP } from 'node:net';

const TIMEOUT_MS = 5_000;

/** The certificate that whoever listens there shows, verified against its CA. Rejects when nobody does. */
export function servedCertificate(host: string, port: number, caPem: string): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      {
        host,
        port,
        ca: caPem,
        // RFC 6066 has no server name that is an address; the certificate is checked against the host all the same.
        servername: isIP(host) === 0 ? host : '',
        ALPNProtocols: ['h2', 'http/1.1'],
        timeout: TIMEOUT_MS,
      },
      () => {
        const raw = socket.getPeerX509Certificate();
        socket.destroy();
        if (raw === undefined) reject(new Error(`${host}:${port} shows no certificate`));
        else resolve(raw);
      },
    );
    socket.on('timeout', () => socket.destroy(new Error(`${host}:${port} does not answer`)));
    socket.on('error', reject);
  });
}

export async function serves(
  host: string,
  port: number,
  caPem: string,
  certificatePem: string,
): Promise<boolean> {
  const served = await servedCertificate(host, port, caPem);
  return served.raw.equals(new X509Certificate(certificatePem).raw);
}
