import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { connect, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../support/temporary.js';
import { newTlsAuthority, type TlsAuthority, type TlsIdentity } from '../../support/tls.js';

const SERVER = fileURLToPath(import.meta.resolve('@consent-ledger/chaincode/server'));

interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly message?: string;
}

describe('chaincode server', function () {
  this.timeout(30_000);

  const folder = temporaryFolder();
  let authority: TlsAuthority;
  let peer: TlsIdentity;
  const children: ChildProcess[] = [];

  before(async () => {
    authority = await newTlsAuthority('Test CA');
    const server = await authority.issue();
    peer = await authority.issue();
    await writeFile(fileNamed('cert.pem'), server.cert);
    await writeFile(fileNamed('key.pem'), server.key, { mode: 0o600 });
    await writeFile(fileNamed('ca.pem'), authority.certificate);
  });

  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  function fileNamed(name: string): string {
    return path.join(folder.path, name);
  }

  function environment(port: number): Record<string, string> {
    return {
      CHAINCODE_ID: 'consent-ledger:abc',
      CHAINCODE_SERVER_ADDRESS: `127.0.0.1:${port}`,
      CHAINCODE_TLS_CERT_FILE: fileNamed('cert.pem'),
      CHAINCODE_TLS_KEY_FILE: fileNamed('key.pem'),
      CHAINCODE_TLS_CLIENT_CACERT_FILE: fileNamed('ca.pem'),
    };
  }

  function start(env: Record<string, string>): { child: ChildProcess; firstLine: Promise<LogLine> } {
    const child = spawn(process.execPath, [SERVER], { env, stdio: ['ignore', 'pipe', 'ignore'] });
    children.push(child);
    const lines = createInterface({ input: child.stdout });
    return { child, firstLine: once(lines, 'line').then(([line]) => JSON.parse(String(line)) as LogLine) };
  }

  async function exitCodeOf(child: ChildProcess): Promise<unknown> {
    const [code] = (await once(child, 'exit')) as unknown[];
    return code;
  }

  it('says in one line when it is ready, talks to peers of its CA alone, and ends on SIGTERM', async () => {
    const port = await freePort();
    const { child, firstLine } = start(environment(port));
    expect(await firstLine).to.include({ level: 'info', event: 'chaincode-ready' });

    expect(await talks(port, peer)).to.equal(true);
    expect(await talks(port, {})).to.equal(false);
    const stranger = await (await newTlsAuthority('Test CA')).issue();
    expect(await talks(port, stranger)).to.equal(false);

    const exited = exitCodeOf(child);
    child.kill('SIGTERM');
    expect(await exited).to.equal(0);
  });

  it('says in one line what is wrong with its settings, and ends', async () => {
    const good = environment(await freePort());
    for (const [changes, message] of [
      [{ CHAINCODE_ID: '' }, 'CHAINCODE_ID'],
      [{ CHAINCODE_SERVER_ADDRESS: 'localhost' }, 'CHAINCODE_SERVER_ADDRESS'],
      [{ CHAINCODE_TLS_KEY_FILE: fileNamed('absent.pem') }, 'CHAINCODE_TLS_KEY_FILE'],
      [{ CHAINCODE_TLS_CERT_FILE: fileNamed('key.pem') }, 'CHAINCODE_TLS_CERT_FILE'],
      [{ CONSENT_LEDGER_MAX_SKEW_SECONDS: '0' }, 'CONSENT_LEDGER_MAX_SKEW_SECONDS'],
    ] as const) {
      const { child, firstLine } = start({ ...good, ...changes });
      const exited = exitCodeOf(child);
      const line = await firstLine;
      expect(line).to.include({ level: 'error', event: 'chaincode-not-started' });
      expect(line.message).to.include(message);
      expect(await exited).to.equal(1);
    }
  });

  it('says that its port is in use', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    blocker.unref();
    const { port } = blocker.address() as AddressInfo;
    const { child, firstLine } = start(environment(port));
    const exited = exitCodeOf(child);
    const line = await firstLine;
    expect(line.event).to.equal('chaincode-not-started');
    expect(line.message).to.match(/in use/);
    expect(await exited).to.equal(1);
  });

  /** Whether HTTP/2 gets through: with TLS 1.3 a server refuses a certificate only after the client's handshake. */
  async function talks(port: number, identity: object): Promise<boolean> {
    const socket: TLSSocket = connect({
      host: '127.0.0.1',
      port,
      ca: authority.certificate,
      ALPNProtocols: ['h2'],
      ...identity,
    });
    try {
      return await new Promise((resolve) => {
        socket.once('data', () => {
          resolve(true);
        });
        socket.once('error', () => {
          resolve(false);
        });
        socket.once('close', () => {
          resolve(false);
        });
      });
    } finally {
      socket.destroy();
    }
  }
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
