// SPDX-License-Identifier: Apache-2.0
// `parallel-uploads.ts <url> <count> <bytes>`: as many uploads at once, each to a repository of its own; prints the digest.
import { createHash } from 'node:crypto'
import { request } from 'node:http'

const [url = '', count, bytes] = process.argv.slice(2)
const size = Number(bytes)
const chunk = Buffer.alloc(64 * 1024, 'a')
const hash = createHash('sha256')
for (let sent = 0; sent < size; sent += chunk.byteLength) hash.update(chunk.subarray(0, size - sent))
const digest = `sha256:${hash.digest('hex')}`

function upload(repository: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const target = `${url}/v2/${repository}/blobs/uploads/?digest=${digest}`
    const going = request(target, { method: 'POST', headers: { 'content-length': size }, agent: false }, (answer) => {
      answer.resume()
      if (answer.statusCode === 201) answer.on('end', resolve)
      else reject(new Error(`${repository}: ${answer.statusCode}`))
    })
    going.on('error', reject)
    let sent = 0
    const send = () => {
      while (sent < size) {
        const part = chunk.subarray(0, size - sent)
        sent += part.byteLength
        if (!going.write(part)) return void going.once('drain', send)
      }
      going.end()
    }
    send()
  })
}

await Promise.all(Array.from({ length: Number(count) }, (_, index) => upload(`parallel/r${index}`)))
process.stdout.write(digest)
