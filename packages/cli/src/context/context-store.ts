// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EngineTls } from '@teu/engine-api'
import { openFailure } from '../flags/env-file.ts'

/** What a stored context says about its engine. */
export interface StoredContext {
  readonly host: string
  readonly tls?: EngineTls
}

interface ContextMeta {
  Endpoints?: { docker?: { Host?: string; SkipTLSVerify?: boolean } }
}

/**
 * Reads the context `name` below a config directory: `contexts/meta/<sha256 of the name>/meta.json`, with
 * certificates in `contexts/tls/<same>/docker/`. Throws `context "x": context not found: …` when it is not there.
 */
export function readContext(configDirectory: string, name: string): StoredContext {
  const id = createHash('sha256').update(name).digest('hex')
  const path = join(configDirectory, 'contexts/meta', id, 'meta.json')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new Error(`context "${name}": context not found: ${openFailure(path, error).message}`, { cause: error })
  }
  const docker = (JSON.parse(text) as ContextMeta).Endpoints?.docker
  if (!docker?.Host) throw new Error(`context "${name}" has no docker endpoint`)
  const files = join(configDirectory, 'contexts/tls', id, 'docker')
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((file) => readOptional(join(files, file)))
  if (!ca && !cert && !docker.SkipTLSVerify) return { host: docker.Host }
  const verify = docker.SkipTLSVerify !== true
  return {
    host: docker.Host,
    tls: { verify, ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) },
  }
}

function readOptional(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}
