// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import { messageOf } from '@teu/errors'
import { createRegistry, type RegistryInit } from './create-registry.ts'

const usage = `Usage: teu-registry serve [options]

Serves an OCI registry.

Options:
  --addr HOST:PORT   where to listen (default 127.0.0.1:5000)
  --root DIR         where to keep the content (default /var/lib/teu/registry)
  --read-only        refuse everything that writes
  --collect          remove, once a day, blobs that no manifest points at
  --no-delete        refuse to delete tags, manifests and blobs
  --tls-cert FILE    certificate (PEM); with --tls-key, serves https
  --tls-key FILE     its key (PEM)
  --help             print this and exit
  --version          print the version and exit
`

const { version } = createRequire(import.meta.url)('@teu/image-registry/package.json') as { version: string }

/** What the program needs of its process. @internal */
export interface Surroundings {
  stdout: { write(text: string): unknown }
  stderr: { write(text: string): unknown }
  once(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown
}

/** The program: serves until SIGTERM or SIGINT. Answers the exit status: 0, 1 for a failure, 2 for wrong usage. @internal */
export async function main(argv: string[], around: Surroundings): Promise<number> {
  const parsed = parse(argv)
  if (typeof parsed === 'string') {
    around.stderr.write(`teu-registry: ${parsed}\n\n${usage}`)
    return 2
  }
  if (parsed.print !== undefined) {
    around.stdout.write(parsed.print)
    return 0
  }
  try {
    const onError = (error: unknown) => void around.stderr.write(`teu-registry: ${messageOf(error)}\n`)
    await using registry = await createRegistry({ ...(await parsed.init()), onError })
    around.stderr.write(`listening on ${registry.url}\n`)
    await new Promise<void>((resolve) => {
      around.once('SIGTERM', resolve)
      around.once('SIGINT', resolve)
    })
    return 0
  } catch (error) {
    around.stderr.write(`teu-registry: ${messageOf(error)}\n`)
    return 1
  }
}

interface Parsed {
  print?: string
  init: () => Promise<RegistryInit>
}

function parse(argv: string[]): Parsed | string {
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        addr: { type: 'string', default: '127.0.0.1:5000' },
        root: { type: 'string', default: '/var/lib/teu/registry' },
        'read-only': { type: 'boolean', default: false },
        'no-delete': { type: 'boolean', default: false },
        collect: { type: 'boolean', default: false },
        'tls-cert': { type: 'string' },
        'tls-key': { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', short: 'v', default: false },
      },
    })
    const init = () => initOf(values)
    if (values.help) return { print: usage, init }
    if (values.version) return { print: `teu-registry ${version}\n`, init }
    if (positionals.length !== 1 || positionals[0] !== 'serve') return 'want the command "serve"'
    if ((values['tls-cert'] === undefined) !== (values['tls-key'] === undefined))
      return '--tls-cert and --tls-key go together'
    return { init }
  } catch (error) {
    return messageOf(error)
  }
}

interface Values {
  addr: string
  root: string
  'read-only': boolean
  'no-delete': boolean
  collect: boolean
  'tls-cert'?: string | undefined
  'tls-key'?: string | undefined
}

async function initOf(values: Values): Promise<RegistryInit> {
  const { 'tls-cert': cert, 'tls-key': key } = values
  return {
    storage: values.root,
    listen: values.addr,
    readOnly: values['read-only'],
    deletes: !values['no-delete'],
    autoCollect: values.collect,
    ...(cert !== undefined && key !== undefined
      ? { tls: { cert: await readFile(cert), key: await readFile(key) } }
      : {}),
  }
}
