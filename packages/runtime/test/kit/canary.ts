// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Workshop } from './workshop.ts'

/** A tree outside of every container that nothing in one may read or change. */
export class Canary {
  readonly path: string
  readonly token = randomBytes(16).toString('hex')
  readonly #before: string

  constructor(workshop: Workshop) {
    this.path = join(workshop.directory, 'canary')
    mkdirSync(join(this.path, 'empty'), { recursive: true })
    writeFileSync(join(this.path, 'secret'), this.token, { mode: 0o600 })
    writeFileSync(join(this.path, 'program'), this.token, { mode: 0o755 })
    this.#before = snapshot(this.path)
  }

  /** Throws when anything changed, or when `output` holds what only the tree holds. */
  verify(output = ''): void {
    assert.equal(snapshot(this.path), this.#before, 'the host was changed')
    assert.ok(!output.includes(this.token), 'the host was read')
  }
}

function snapshot(path: string): string {
  const { mode, uid, gid, mtimeMs, ino } = lstatSync(path)
  const own = `${path} ${mode} ${uid}:${gid} ${mtimeMs} ${ino}`
  if (!lstatSync(path).isDirectory()) return `${own} ${readFileSync(path, 'utf8')}`
  return [
    own,
    ...readdirSync(path)
      .sort()
      .map((name) => snapshot(join(path, name))),
  ].join('\n')
}
