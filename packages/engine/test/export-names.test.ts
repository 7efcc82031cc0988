// SPDX-License-Identifier: Apache-2.0
// An export has every entry of a root file system, also those whose names are not UTF-8.
import assert from 'node:assert/strict'
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { bytesOfName, TarParser } from '@teu/containerd-api/archive'
import { RootDirectory } from '@teu/linux'
import { exportTree } from '../src/images/rootfs/export-rootfs.ts'

test('names that are not UTF-8 are exported byte for byte, in the order of their bytes', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'teu-export-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const names = [Buffer.from('\n'), Buffer.from('a'), Buffer.of(0x80), Buffer.of(0xc0, 0xaf), Buffer.of(0xff)]
  const at = (...parts: Buffer[]) =>
    Buffer.concat([Buffer.from(folder), ...parts.flatMap((part) => [Buffer.from('/'), part])])
  for (const name of names) {
    mkdirSync(at(name))
    writeFileSync(at(name, name), name)
    linkSync(at(name, name), at(name, Buffer.from('hard')))
    symlinkSync(name, at(name, Buffer.from('to')))
  }
  using root = RootDirectory.open(folder)
  const found: string[] = []
  const parser = new TarParser({
    entry: ({ name, linkName }) =>
      void found.push(`${bytesOfName(name).toString('latin1')}>${bytesOfName(linkName).toString('latin1')}=`),
    data: (bytes) => void found.push(found.pop()! + Buffer.from(bytes).toString('latin1')),
    end() {},
  })
  for await (const chunk of exportTree(root)) parser.push(chunk)
  parser.finish()
  const expected = names.flatMap((bytes) => {
    const name = bytes.toString('latin1')
    // The first name in the order of bytes has the data, the other one is the link.
    const [first, second] = [bytes, Buffer.from('hard')].sort(Buffer.compare).map((part) => part.toString('latin1'))
    const entries = [`${name}/${first}>=${name}`, `${name}/${second}>${name}/${first}=`, `${name}/to>${name}=`]
    const order = (line: string) => Buffer.from(line.slice(name.length + 1).split('>')[0]!, 'latin1')
    return [`${name}/>=`, ...entries.sort((a, b) => Buffer.compare(order(a), order(b)))]
  })
  assert.deepEqual(found, expected)
})
