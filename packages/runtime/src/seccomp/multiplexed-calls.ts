// SPDX-License-Identifier: Apache-2.0

/**
 * Calls that i386 also offers through one common call, whose first argument says which (socketcall(2), ipc(2)). A rule
 * for such a call that did not cover the other way in could be walked around.
 */
const through: Readonly<Record<'socketcall' | 'ipc', Readonly<Record<string, number>>>> = {
  socketcall: {
    socket: 1,
    bind: 2,
    connect: 3,
    listen: 4,
    accept: 5,
    getsockname: 6,
    getpeername: 7,
    socketpair: 8,
    send: 9,
    recv: 10,
    sendto: 11,
    recvfrom: 12,
    shutdown: 13,
    setsockopt: 14,
    getsockopt: 15,
    sendmsg: 16,
    recvmsg: 17,
    accept4: 18,
    recvmmsg: 19,
    sendmmsg: 20,
  },
  ipc: {
    semop: 1,
    semget: 2,
    semctl: 3,
    semtimedop: 4,
    msgsnd: 11,
    msgrcv: 12,
    msgget: 13,
    msgctl: 14,
    shmat: 21,
    shmdt: 22,
    shmget: 23,
    shmctl: 24,
  },
}

/** The common call and the number within it, if there is one. @internal */
export function multiplexed(name: string): { through: 'socketcall' | 'ipc'; number: number } | undefined {
  for (const common of ['socketcall', 'ipc'] as const) {
    const number = Object.hasOwn(through[common], name) ? through[common][name] : undefined
    if (number !== undefined) return { through: common, number }
  }
  return undefined
}
