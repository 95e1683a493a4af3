// SPDX-License-Identifier: BSD-2-Clause
// The steps of the pager are its system calls: all that others see of it happens there. In a run of this kind, of which the pager
// knows nothing, an illegal instruction stands in the place of each SYSCALL in its code; the call is made elsewhere, where another
// illegal instruction follows. So the guardian learns of each before and after it, and has an instance die at one of these moments.
#pragma once

#include <abi/fault.hpp>
#include <init/slots.hpp>
#include <optional>
#include <span>
#include <sys/cap/tcb.hpp>

namespace init {

class PagerSteps {
public:
    explicit PagerSteps(Word deaths) : deaths_left_(deaths) {}

    /// Where the pager makes its calls: it has to find `detour` there, executable.
    static constexpr Word detour_address = 0x3000'0000;
    static constexpr uint8_t detour[] = {0x0f, 0x05, 0x0f, 0x0b}; ///< SYSCALL, UD2

    /// Code of the pager, which lies at `address` in its space. too_long: more system calls than there is room for.
    Result<void> watch(std::span<uint8_t> code, Word address);
    /// Whether the fault is a step. After the last death none is.
    bool is_step(const sys::Received& fault) const;
    /// Takes a step of the pager, whose registers these are. The IP where it goes on; nothing: it dies here. The n-th instance that
    /// does not die earlier dies at its n-th step; earlier does one that is where nobody has died yet: at an operation that is new.
    std::optional<Word> take(const sys::UserRegisters& registers);
    /// A new instance starts. After the last death its code is as it should be.
    void begin();
    bool is_over() const { return deaths_left_ == 0; }

    struct Figures {
        Word steps = 0; ///< an instance died at each of so many, counted from its first instruction
        Word longest_recovery = 0; ///< steps until an instance served
        Word operations =
            0; ///< different ones that were carried out: by the place in the code, and what the kernel is asked for
        Word died_before = 0; ///< of these, those before which an instance died
        Word died_after = 0;
    };
    Figures figures() const;

private:
    static constexpr unsigned most_calls = 128, most_operations = 256;
    struct Call {
        uint8_t* code = nullptr;
        Word address = 0;
    };
    struct Operation {
        Word address = 0; ///< of its SYSCALL
        Word label = 0; ///< of an invocation or request
        bool died_before = false;
        bool died_after = false;
    };
    Operation& operation_of(const sys::UserRegisters& registers);
    bool dies(bool& died_here);
    void put_code(uint8_t second_byte);

    Call calls_[most_calls] = {};
    unsigned call_count_ = 0;
    Operation operations_[most_operations] = {};
    unsigned operation_count_ = 0;
    Operation* carried_out_ = nullptr;
    Word deaths_left_;
    Word next_ = 1; ///< the step at which an instance has to die
    Word step_ = 0; ///< of this instance
    bool has_served_ = false;
    Word longest_recovery_ = 0;
};

} // namespace init
