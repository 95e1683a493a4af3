// SPDX-License-Identifier: BSD-2-Clause
#include <object/registers.hpp>
#include <sched/switch.hpp>

namespace kernel {

void write_register(Tcb& thread, Register which, Word value) {
    if (which == &Context::rip)
        value = sanitised_ip(value);
    else if (which == &Context::rflags)
        value = sanitised_rflags(value);
    else if (which == &Context::fs_base || which == &Context::gs_base)
        value = sanitised_address(value);
    thread.context.*which = value;
}

void begin_register_write(Tcb& thread) {
    unload(thread);
    thread.context.origin = origin_written;
}

} // namespace kernel
