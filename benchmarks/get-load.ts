// SPDX-License-Identifier: Apache-2.0
// Asks for one URL many times over kept-alive connections: `get-load.ts <url> <accept> <connections> <requests>`.
// It does as little as it can for an answer, so that the server's part is most of the time.
import { connect } from 'node:net'

const [address = '', accept, connections, requests] = process.argv.slice(2)
const url = new URL(address)
const request = Buffer.from(`GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nAccept: ${accept}\r\n\r\n`)
let left = Number(requests)

for (let i = 0; i < Number(connections); i++) ask()

function ask(): void {
  const socket = connect(Number(url.port), url.hostname)
  let received = Buffer.alloc(0)
  const next = () => {
    if (left-- > 0) socket.write(request)
    else socket.end()
  }
  socket.on('connect', next)
  socket.on('error', (error) => {
    throw error
  })
  socket.on('data', (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    if (received.length < lengthOf(received)) return
    received = Buffer.alloc(0)
    next()
  })
}

/** How long an answer is in all; without an end as long as its head is not complete. */
function lengthOf(answer: Buffer): number {
  const end = answer.indexOf('\r\n\r\n')
  if (end < 0) return Number.POSITIVE_INFINITY
  const head = answer.toString('latin1', 0, end)
  const length = /^content-length: *(\d+)/im.exec(head)?.[1]
  if (!head.startsWith('HTTP/1.1 200 ') || length === undefined) throw new Error(`unexpected answer: ${head}`)
  return end + 4 + Number(length)
}
