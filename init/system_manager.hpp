// SPDX-License-Identifier: BSD-2-Clause
// PID 1: which programs are candidates, the hand-over told in the order of the original system, and starting it again
// with growing delays when it dies. With no candidate left the console stays: the rescue shell.
#pragma once

#include <init/back_off.hpp>
#include <init/process_service.hpp>

namespace init {

class SystemManager : public ProcessService::Observer {
public:
    /// `boot_words`: the arguments of PID 1, separated by blanks.
    SystemManager(ProcessService& processes, std::string_view boot_words)
        : processes_(processes), boot_words_(boot_words) {}

    /// Starts the console; without one the system goes on, silently.
    Result<void> start_console(sys::Endpoint endpoint, Word vga_text);
    /// Tells the story and starts the first candidate that can be started.
    void start_system_manager();

    void ended(Word pid, const Ending& how, Word ran_for) override;
    void alarm() override;

private:
    bool try_candidates();
    Result<void> start_candidate(std::string_view path);
    bool is_same_as_before(std::string_view path, unsigned number) const;
    void fail();

    ProcessService& processes_;
    std::string_view boot_words_;
    unsigned candidate_ = 0;
    BackOff back_off_;
    bool has_failed_ = false;
    const char* last_reason_ = nullptr; ///< of the failure that says most
    Word console_pid_ = 0;
    sys::Endpoint console_endpoint_;
    Word console_vga_ = 0;
    BackOff console_back_off_;
    bool console_waits_ = false;
    bool manager_waits_ = false;
};

} // namespace init
