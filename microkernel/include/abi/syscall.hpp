// SPDX-License-Identifier: BSD-2-Clause
// System call numbers (RDX, signed, all 64 bits).
//
// | register       | in                                             | out                   |
// |----------------|------------------------------------------------|-----------------------|
// | RDX            | number                                         | unchanged             |
// | RDI            | capability pointer (destination, or source)    | badge of the sender   |
// | RSI            | message info                                   | message info received |
// | R10 R8 R9 R15  | MR0 MR1 MR2 MR3                                | MR0 MR1 MR2 MR3       |
// | R12            | reply object; NBSendWait: capability to send on | unchanged            |
// | R13            | NBSendRecv: capability to send on              | unchanged             |
// RCX and R11 are clobbered.
#pragma once

#include <stdint.h>

namespace abi {

enum class Syscall : int64_t {
    call = -1,
    reply_recv = -2,
    nb_send_recv = -3,
    nb_send_wait = -4,
    send = -5,
    nb_send = -6,
    recv = -7,
    nb_recv = -8,
    wait = -9,
    nb_wait = -10,
    yield = -11,
    debug_put_char = -12,
    debug_dump_scheduler = -13,
    debug_halt = -14,
    debug_cap_identify = -15,
    debug_snapshot = -16,
    debug_name_thread = -17,
    benchmark_null = -25,
    write_msr = -30,
    read_msr = -31,
    set_tls_base = -33,
    reply_map_recv = -64,
};

} // namespace abi
