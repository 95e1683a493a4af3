// SPDX-License-Identifier: BSD-2-Clause
#include <lockstep/operation.hpp>

#include <algorithm>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>

namespace lockstep {
namespace {

constexpr const char* method_names[] = {
    "",
    "Untyped.Retype",
    "TCB.ReadRegisters",
    "TCB.WriteRegisters",
    "TCB.CopyRegisters",
    "TCB.Configure",
    "TCB.SetPriority",
    "TCB.SetMCPriority",
    "TCB.SetSchedParams",
    "TCB.SetTimeoutEndpoint",
    "TCB.SetIPCBuffer",
    "TCB.SetSpace",
    "TCB.Suspend",
    "TCB.Resume",
    "TCB.BindNotification",
    "TCB.UnbindNotification",
    "TCB.SetTLSBase",
    "TCB.SetFlags",
    "CNode.Revoke",
    "CNode.Delete",
    "CNode.CancelBadgedSends",
    "CNode.Copy",
    "CNode.Mint",
    "CNode.Move",
    "CNode.Mutate",
    "CNode.Rotate",
    "IRQControl.Get",
    "IRQHandler.Ack",
    "IRQHandler.SetNotification",
    "IRQHandler.Clear",
    "DomainSet.Set",
    "DomainSet.ScheduleConfigure",
    "DomainSet.ScheduleSetStart",
    "SchedControl.ConfigureFlags",
    "SchedContext.Bind",
    "SchedContext.Unbind",
    "SchedContext.UnbindObject",
    "SchedContext.Consumed",
    "SchedContext.YieldTo",
    "PDPT.Map",
    "PDPT.Unmap",
    "PageDirectory.Map",
    "PageDirectory.Unmap",
    "PageTable.Map",
    "PageTable.Unmap",
    "Page.Map",
    "Page.Unmap",
    "Page.GetAddress",
    "ASIDControl.MakePool",
    "ASIDPool.Assign",
    "IOPortControl.Issue",
    "IOPort.In8",
    "IOPort.In16",
    "IOPort.In32",
    "IOPort.Out8",
    "IOPort.Out16",
    "IOPort.Out32",
    "IRQControl.GetIOAPIC",
    "IRQControl.GetMSI",
};
static_assert(std::size(method_names) == static_cast<size_t>(spec::Method::irq_control_get_msi) + 1);

constexpr auto first_pager_method = static_cast<size_t>(spec::Method::range_set_keeper);
constexpr const char* pager_method_names[] = {"Range.SetKeeper", "Range.Map",  "Range.Protect", "Range.Unmap",
                                              "Range.Harvest",   "Range.Read", "Page.Evict",    "CNode.Recall",
                                              "CNode.Inspect",   "TCB.Status", "TCB.Spawn"};
static_assert(first_pager_method + std::size(pager_method_names) == static_cast<size_t>(spec::Method::tcb_spawn) + 1);

constexpr const char* error_names[] = {"none",        "InvalidArgument", "InvalidCapability", "IllegalOperation",
                                       "RangeError",  "AlignmentError",  "FailedLookup",      "TruncatedMessage",
                                       "DeleteFirst", "RevokeFirst",     "NotEnoughMemory",   "NobodyWaits"};
static_assert(std::size(error_names) == spec::error_count);

constexpr const char* call_names[] = {"",       "Call", "ReplyRecv", "NBSendRecv", "NBSendWait", "Send",
                                      "NBSend", "Recv", "NBRecv",    "Wait",       "NBWait",     "Yield"};

[[gnu::format(printf, 2, 3)]] void append(std::string& text, const char* format, ...) {
    char line[256];
    va_list values;
    va_start(values, format);
    std::vsnprintf(line, sizeof line, format, values);
    va_end(values);
    text += line;
}

void append_words(std::string& text, const char* name, const std::vector<Word>& words) {
    if (words.empty())
        return;
    append(text, " %s (", name);
    for (size_t i = 0; i < words.size(); i++)
        append(text, "%s0x%" PRIx64, i == 0 ? "" : ", ", words[i]);
    text += ")";
}

} // namespace

const char* name_of(spec::Method method) {
    const auto label = static_cast<size_t>(method);
    if (label >= first_pager_method && label - first_pager_method < std::size(pager_method_names))
        return pager_method_names[label - first_pager_method];
    return label > 0 && label < std::size(method_names) ? method_names[label] : "unknown method";
}

const char* name_of(spec::Error error) {
    const auto number = static_cast<size_t>(error);
    return number < std::size(error_names) ? error_names[number] : "unknown error";
}

const char* name_of_system_call(Word number) {
    if (-number >= 1 && -number < std::size(call_names))
        return call_names[-number];
    if (number == static_cast<Word>(spec::system_call::set_tls_base))
        return "SetTLSBase";
    if (number == static_cast<Word>(spec::system_call::debug_put_char))
        return "DebugPutChar";
    if (number == static_cast<Word>(spec::system_call::reply_map_recv))
        return "ReplyMapRecv";
    return nullptr;
}

Operation invocation(Word capability, spec::Method method, std::vector<Word> words, std::vector<Word> caps) {
    Operation operation = system_call(static_cast<Word>(spec::system_call::call), capability);
    operation.label = static_cast<Word>(method);
    operation.length = static_cast<unsigned>(words.size());
    operation.cap_count = static_cast<unsigned>(caps.size());
    operation.words = std::move(words);
    operation.caps = std::move(caps);
    return operation;
}

Operation system_call(Word number, Word rdi) {
    Operation operation;
    operation.number = number;
    operation.rdi = rdi;
    return operation;
}

std::string Operation::text() const {
    std::string text;
    if (advance != 0)
        append(text, "+%" PRIu64 " ", advance);
    switch (kind) {
    case Kind::exception:
        append(text, "exception %" PRIu64 ", error code 0x%" PRIx64 ", address 0x%" PRIx64, vector, error_code,
               address);
        return text;
    case Kind::interrupt: append(text, "interrupt of line %" PRIu64, vector); return text;
    case Kind::corruption: append(text, "bit %" PRIu64 " of 0x%" PRIx64 " changes", vector, address); return text;
    case Kind::system_call: break;
    }
    const char* name = name_of_system_call(number);
    if (name)
        append(text, "%s", name);
    else
        append(text, "system call %" PRId64, static_cast<int64_t>(number));
    append(text, " rdi=0x%" PRIx64 " r12=0x%" PRIx64 " r13=0x%" PRIx64, rdi, r12, r13);
    append(text, " label %" PRIu64, label);
    if (label > 0)
        append(text, " [%s]", name_of(static_cast<spec::Method>(label)));
    append(text, " length %u", length);
    append_words(text, "words", words);
    if (cap_count != 0)
        append(text, " %u", cap_count);
    append_words(text, "caps", caps);
    if (place)
        append(text, " receive (0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64 ")", place->cnode, place->index,
               place->depth);
    if (pattern != 0)
        append(text, " interrupted 0x%" PRIx64, pattern);
    if (edge != 0)
        append(text, " walk at %u", edge);
    if (marks)
        append(text, writes ? " marks A D" : " marks A");
    if (fpu != 0)
        append(text, " fpu 0x%" PRIx64, fpu);
    return text;
}

} // namespace lockstep
