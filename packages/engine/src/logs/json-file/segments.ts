// SPDX-License-Identifier: Apache-2.0
import { closeSync, fstatSync, openSync, readdirSync, readSync, renameSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'

/** Limits of what a container's output may take on disk. */
export interface SegmentLimits {
  /** Bytes of one file; 0 means no limit. */
  maximumSize: number
  /** How many files are kept, the current one included. */
  maximumFiles: number
}

/** Told when the current file was exchanged for a new one, before anything is written to that. */
export type RotationListener = (newFile: string) => void

/**
 * The files of one log: `<name>` is written to, `<name>.1` is the one before, and so on. A record is never split
 * over two files.
 */
export class Segments {
  readonly file: string
  readonly #limits: SegmentLimits
  readonly #listeners = new Set<RotationListener>()
  #fd: number | undefined
  #size = 0

  constructor(file: string, limits: SegmentLimits) {
    this.file = file
    this.#limits = limits
  }

  /** Appends whole records. Opens the file when it is not open. */
  append(bytes: Uint8Array): void {
    this.open()
    const { maximumSize } = this.#limits
    if (maximumSize > 0 && this.#size > 0 && this.#size + bytes.byteLength > maximumSize) this.#rotate()
    let written = 0
    while (written < bytes.byteLength) written += writeSync(this.#fd as number, bytes, written)
    this.#size += bytes.byteLength
  }

  /** Opens the file, and ends a record that a crash has cut off, so that the next one stands on its own line. */
  open(): void {
    if (this.#fd !== undefined) return
    this.#fd = openSync(this.file, 'a+', 0o640)
    this.#size = fstatSync(this.#fd).size
    const last = Buffer.alloc(1)
    if (this.#size > 0 && readSync(this.#fd, last, 0, 1, this.#size - 1) === 1 && last[0] !== 10) {
      this.#size += writeSync(this.#fd, '\n')
    }
  }

  /** All files that exist, oldest first. */
  list(): string[] {
    const { dir, base } = path.parse(this.file)
    return readdirSync(dir)
      .map((name) => ({ name, age: name === base ? 0 : ageOf(name, base) }))
      .filter((entry): entry is { name: string; age: number } => entry.age !== undefined)
      .sort((a, b) => b.age - a.age)
      .map(({ name }) => path.join(dir, name))
  }

  onRotation(listener: RotationListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  remove(): void {
    this.close()
    for (const file of this.list()) rmSync(file, { force: true })
  }

  #rotate(): void {
    this.close()
    const { maximumFiles } = this.#limits
    if (maximumFiles <= 1) {
      // Readers hold the old file open, so its name may go.
      rmSync(this.file, { force: true })
    } else {
      rmSync(`${this.file}.${maximumFiles - 1}`, { force: true })
      for (let age = maximumFiles - 2; age >= 1; age--) renameIfThere(`${this.file}.${age}`, `${this.file}.${age + 1}`)
      renameIfThere(this.file, `${this.file}.1`)
    }
    this.open()
    for (const listener of this.#listeners) listener(this.file)
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

function ageOf(name: string, base: string): number | undefined {
  const suffix = name.startsWith(`${base}.`) ? name.slice(base.length + 1) : ''
  return /^[1-9]\d{0,5}$/.test(suffix) ? Number(suffix) : undefined
}
