// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openShimLog, type ShimLog } from './shim-log.ts'

/** What comes out of the FIFO after `act` on its log; `act` may take what it has said so far. */
function logged(debug: boolean, act: (log: ShimLog, taken: () => string) => void): string {
  const folder = mkdtempSync(join(tmpdir(), 'teu-shim-log-'))
  const path = join(folder, 'log')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const take = () => {
    const bytes = Buffer.alloc(1024 * 1024)
    return bytes.subarray(0, readSync(reader, bytes)).toString()
  }
  try {
    const log = openShimLog(path, debug)
    act(log, take)
    log.close()
    return take()
  } finally {
    closeSync(reader)
    rmSync(folder, { recursive: true })
  }
}

test('a line has the form of containerd, and debugging is told only to who asked', () => {
  const lines = (debug: boolean) =>
    logged(debug, (log) => {
      log.debug('one')
      log.info('two "quoted"\nlines')
      log.warn('three')
    }).replace(/time="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"/g, 'time=T')
  const told = 'time=T level=info msg="two \\"quoted\\"\\nlines"\ntime=T level=warning msg="three"\n'
  assert.equal(lines(false), told)
  assert.equal(lines(true), `time=T level=debug msg="one"\n${told}`)
})

test('lines keep their order; those that nobody reads in time are lost, and the next ones are not', () => {
  const end = logged(false, (log, take) => {
    for (let number = 0; number < 10_000; number++) log.info(`line ${number}`)
    const numbers = [...take().matchAll(/msg="line (\d+)"\n/g)].map(([, number]) => Number(number))
    assert.ok(numbers.length > 500 && numbers.length < 10_000, `${numbers.length} lines`)
    assert.deepEqual(
      numbers,
      numbers.map((_, at) => at),
    )
    log.info('again')
  })
  assert.match(end, /^time="[^"]+" level=info msg="again"\n$/)
})

test('without a FIFO, or without a reader, there is nobody to tell', () => {
  const folder = mkdtempSync(join(tmpdir(), 'teu-shim-log-'))
  try {
    execFileSync('mkfifo', [join(folder, 'fifo')])
    for (const name of ['fifo', 'nothing']) {
      const log = openShimLog(join(folder, name), true)
      log.warn('unheard')
      log.close()
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
