// SPDX-License-Identifier: Apache-2.0
// An authority of the sandbox's own, and what it signs.
import { writeFileSync } from 'node:fs'
import type { Sandbox } from './sandbox.ts'

/** Files in PEM. */
export interface Certified {
  ca: string
  cert: string
  key: string
}

const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/**
 * An authority, and a certificate by it for `host`, an address that the sandbox gets: not a loopback one, because those
 * need no certificate that anybody trusts. Every program of the sandbox trusts the authority.
 */
export async function certify(sandbox: Sandbox, host: string): Promise<Certified> {
  const [ca, caKey] = [sandbox.path('ca.crt'), sandbox.path('ca.key')]
  const authority = ['-keyout', caKey, '-out', ca, '-subj', '/CN=authority', '-days', '2']
  await sandbox.output('openssl', ['req', '-x509', ...fresh, ...authority])
  await sandbox.output('ip', ['address', 'add', `${host}/32`, 'dev', 'lo'])
  sandbox.env['SSL_CERT_FILE'] = ca
  return { ca, ...(await issue(sandbox, 'server', host, `subjectAltName=IP:${host}`)) }
}

/** Another certificate of the authority, for whoever `subject` is. */
export async function issue(
  sandbox: Sandbox,
  name: string,
  subject: string,
  extension = 'extendedKeyUsage=clientAuth',
): Promise<Omit<Certified, 'ca'>> {
  const at = (ending: string) => sandbox.path(`${name}.${ending}`)
  await sandbox.output('openssl', [
    ...['req', ...fresh, '-keyout', at('key'), '-out', at('request'), '-subj', `/CN=${subject}`],
  ])
  writeFileSync(at('extensions'), `${extension}\n`)
  const authority = ['-CA', sandbox.path('ca.crt'), '-CAkey', sandbox.path('ca.key'), '-CAcreateserial', '-days', '2']
  const request = ['x509', '-req', '-in', at('request'), '-out', at('cert'), '-extfile', at('extensions')]
  await sandbox.output('openssl', [...request, ...authority])
  return { cert: at('cert'), key: at('key') }
}
