// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { protocolConstants } from '@teu/linux'
import type { ProcessStdio } from '../process/process-record.ts'

/** One stream, as a monitor is told of it. @internal */
export interface MonitoredStream {
  readonly type: number
  /** The FIFO, the file or the program; empty for nothing. */
  readonly path: string
}

const { streamNull, streamFifo, streamFile, streamLogger } = protocolConstants

const streamTypes: ReadonlyMap<string, number> = new Map([
  ['fifo', streamFifo],
  ['file', streamFile],
  ['binary', streamLogger],
])

/**
 * How a monitor is told of one stream: a path or `fifo://` is a FIFO, `file://` is appended to, `binary://` is a program
 * that takes the outputs, nothing is /dev/null. Paths of addresses are percent-decoded; their parameters matter to
 * programs only. Throws `invalid-argument` for anything else.
 *
 * @internal
 */
export function streamOf(uri: string): MonitoredStream {
  if (uri.includes('\0'))
    throw new StackError('invalid-argument', `stdio ${JSON.stringify(uri)} holds a null character`)
  if (uri === '') return { type: streamNull, path: '' }
  if (uri.startsWith('/')) return { type: streamFifo, path: uri }
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^?#]*)/.exec(uri)
  const path = decode(match?.[2] ?? '')
  const type = match?.[1] === undefined ? undefined : streamTypes.get(match[1])
  if (type !== undefined && path.startsWith('/')) return { type, path }
  throw new StackError(
    'invalid-argument',
    `unsupported stdio ${JSON.stringify(uri)}: expected a path, fifo://, file:// or binary://`,
  )
}

/**
 * The three streams of a process, standard input first. With a terminal there is no standard error: what its address says
 * is not looked at, as with containerd's shim, unless a program takes the output. A logging program, or a file, that takes standard output takes
 * standard error as well, whatever that one says, unless it is empty and so goes nowhere; a program takes it even then.
 * Neither is a standard input. Throws `invalid-argument`.
 *
 * @internal
 */
export function streamsOf({ stdin, stdout, stderr, terminal }: ProcessStdio): MonitoredStream[] {
  const [input, output, error] = [streamOf(stdin), streamOf(stdout), streamOf(terminal ? '' : stderr)]
  if (input.type === streamLogger) throw new StackError('invalid-argument', 'a logging program is no standard input')
  if (output.type === streamLogger) return [input, output, output]
  if (output.type === streamFile && error.type !== streamNull) return [input, output, output]
  if (error.type === streamLogger) {
    throw new StackError('invalid-argument', 'a logging program takes standard output as well as standard error')
  }
  return [input, output, error]
}

/** Whether a program takes the outputs of a process. @internal */
export function hasLogger({ stdout }: ProcessStdio): boolean {
  return streamOf(stdout).type === streamLogger
}

/**
 * The command line of the logging program of a process: the program, then the name and the value of each parameter of
 * the query, the first of each name. Undefined when there is none.
 *
 * @internal
 */
export function loggerArguments({ stdout }: ProcessStdio): string[] | undefined {
  const { type, path } = streamOf(stdout)
  if (type !== streamLogger) return undefined
  const args = [path]
  const seen = new Set<string>()
  for (const [name, value] of new URLSearchParams(/\?([^#]*)/.exec(stdout)?.[1] ?? '')) {
    if (!seen.has(name)) args.push(name, value)
    seen.add(name)
  }
  if (args.some((word) => word.includes('\0'))) {
    throw new StackError('invalid-argument', `stdio ${JSON.stringify(stdout)} holds a null character`)
  }
  return args
}

/** The files that the outputs of a process are appended to; their folders are made when they are missing. @internal */
export function filesOf(stdio: ProcessStdio): string[] {
  const outputs = streamsOf(stdio).slice(1)
  return [...new Set(outputs.flatMap(({ type, path }) => (type === streamFile ? [path] : [])))]
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch (error) {
    throw new StackError('invalid-argument', `path ${JSON.stringify(path)} is badly encoded`, { cause: error })
  }
}
