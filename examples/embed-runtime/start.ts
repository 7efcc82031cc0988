// SPDX-License-Identifier: Apache-2.0
import { runUntrusted } from './run-untrusted.ts'

const [code = `process.stdin.on('data', (text) => console.log(String(text).toUpperCase()))`] = process.argv.slice(2)
console.log(await runUntrusted(code, 'from outside'))
