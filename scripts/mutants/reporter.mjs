// SPDX-License-Identifier: Apache-2.0
// A reporter of node:test: one line of JSON for each test that ended.
import path from 'node:path'

/** Writes what became of each test; `isFile` marks the line of a whole file, which fails if the file does not load. */
export default async function* reporter(source) {
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const isFile = data.file !== undefined && path.resolve(data.name) === data.file
    const cause = data.details?.error?.cause ?? data.details?.error
    const line = {
      name: data.name,
      failed: type === 'test:fail',
      isFile,
      skipped: data.skip !== undefined || data.todo !== undefined,
      message: type === 'test:fail' ? String(cause?.message ?? cause).slice(0, 400) : undefined,
    }
    yield `${JSON.stringify(line)}\n`
  }
}
