// SPDX-License-Identifier: BSD-2-Clause
#include <pagers/host_platform.hpp>

namespace test {

sys::Result<void> HostPlatform::start_thread(unsigned which, Body body, void* argument, sys::Priority priority,
                                             const conformance::View& view) {
    tcbs_[which] = rig.make_thread(priority.value, [=] { body(argument); });
    if (!view.cspace.is_null())
        TRY(sys::Tcb(tcbs_[which])
                .set_space(sys::Object(), view.cspace, view.cspace_data, sys::VSpace(abi::root_slot::vspace)));
    return sys::Tcb(tcbs_[which]).resume();
}

void HostPlatform::end_thread(unsigned which) {
    const abi::Word tcb = std::exchange(tcbs_[which], 0);
    if (tcb == 0)
        return;
    static_cast<void>(sys::Tcb(tcb).suspend());
    rig.end_thread(tcb);
}

} // namespace test
