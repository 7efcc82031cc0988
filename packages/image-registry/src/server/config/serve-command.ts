// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import { messageOf } from '@teu/errors'
import { Command } from 'commander'
import type { Surroundings } from '../../commands/surroundings.ts'
import { createRegistry, type RegistryInit } from '../create-registry.ts'

/** What serving needs of its process. @internal */
export interface ServeSurroundings extends Surroundings {
  on(signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP', listener: () => void): unknown
}

interface Values {
  addr: string
  root: string
  readOnly?: true
  delete: boolean
  collect?: true
  tlsCert?: string
  tlsKey?: string
}

/** `teu-registry serve`: serves until SIGTERM or SIGINT. @internal */
export function serveCommand(around: ServeSurroundings): Command {
  return new Command('serve')
    .description('Serve an OCI registry.')
    .option('--addr <host:port>', 'where to listen', '127.0.0.1:5000')
    .option('--root <dir>', 'where to keep the content', '/var/lib/teu/registry')
    .option('--read-only', 'refuse everything that writes')
    .option('--collect', 'remove, once a day, blobs that no manifest points at')
    .option('--no-delete', 'refuse to delete tags, manifests and blobs')
    .option('--tls-cert <file>', 'certificate (PEM); with --tls-key, serves https')
    .option('--tls-key <file>', 'its key (PEM)')
    .action(async function serve(this: Command) {
      const values = this.opts<Values>()
      if ((values.tlsCert === undefined) !== (values.tlsKey === undefined))
        this.error('teu-registry: --tls-cert and --tls-key go together', { exitCode: 2 })
      const onError = (error: unknown) => void around.stderr.write(`teu-registry: ${messageOf(error)}\n`)
      await using registry = await createRegistry({ ...(await initOf(values)), onError })
      around.stderr.write(`listening on ${registry.url}\n`)
      await new Promise<void>((resolve) => {
        around.on('SIGTERM', resolve)
        around.on('SIGINT', resolve)
      })
    })
}

async function initOf(values: Values): Promise<RegistryInit> {
  const { tlsCert: cert, tlsKey: key } = values
  return {
    storage: values.root,
    listen: values.addr,
    readOnly: values.readOnly ?? false,
    deletes: values.delete,
    autoCollect: values.collect ?? false,
    ...(cert !== undefined && key !== undefined
      ? { tls: { cert: await readFile(cert), key: await readFile(key) } }
      : {}),
  }
}
