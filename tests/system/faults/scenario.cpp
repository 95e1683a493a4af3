// SPDX-License-Identifier: BSD-2-Clause
#include <sys/raw/syscall.hpp>
#include <tests/system/faults/scenario.hpp>

namespace test {

void name_thread(sys::Tcb tcb, const char* name) {
    const size_t size = __builtin_strlen(name) + 1;
    __builtin_memcpy(sys::raw::ipc_buffer()->message, name, size);
    sys::raw::Registers registers;
    registers.target = tcb.slot();
    sys::raw::enter(abi::Syscall::debug_name_thread, registers);
}

Result<void> Scenario::make(const char* name) {
    TRY(subject.make());
    name_thread(victim().tcb(), name);
    return {};
}

bool Scenario::faults_at(Word address, const uint8_t* snippet, const sys::UserRegisters& registers) {
    const Fault fault = victim().run(snippet, registers);
    return fault.kind == abi::Fault::vm_fault && fault.address() == address;
}

Result<void> KeptScenario::make(const char* name) {
    TRY(client.make(name));
    keepers = TRY(sys::make_object<sys::CNode>(space(), arena(), 1));
    for (Word slot : {0, 1})
        TRY(keepers->at(slot, 1).copy_from(own_cnode().at(client.victim().faults().slot())));
    TRY(client.victim().tcb().set_space(keepers, client.victim().cnode(), 0, client.space().root()));
    const sys::Frame first =
        TRY(client.space().map_new(heap, PageAccess::read_write())); // makes the tables, and leaves
    TRY(first.unmap());
    for (Word done = 0; done < 16;)
        done += TRY(tables().set_keeper({heap + done * page_size, 16 - done}, 1));
    return {};
}

sys::Received KeptScenario::run(const uint8_t* snippet, Word rdi) {
    if (!client.victim().start(snippet, with_rdi(rdi)))
        return {};
    return port().receive();
}

} // namespace test
