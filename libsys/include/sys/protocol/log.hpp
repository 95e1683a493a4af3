// SPDX-License-Identifier: BSD-2-Clause
// Protocol of the log service: records in, the latest ones out. Badge = who logs, as the service manager gave it.
#pragma once

#include <sys/error.hpp>
#include <sys/ipc/protocol.hpp>

namespace sys::protocol::log {

enum class Error : Word {
    bad_priority = protocol_error_base(Protocol::log),
    not_text,  ///< empty, or with control characters
    no_record, ///< nothing from that number on; detail 0 = the number that comes next
    last,
};

/// Those of syslog.
enum class Priority : Word { emergency, alert, critical, error, warning, notice, informational, debug, count };

inline constexpr unsigned max_text = 200; ///< bytes of one record; more is cut

/// Keeps the payload as one record.
struct Write {
    static constexpr Word label = request_label(Protocol::log, 0);
    struct Reply {
        Word number = 0; ///< of the record; they count from 1
    };
    Word priority = static_cast<Word>(Priority::informational);
};

/// The first record kept with a number of at least `from`; its text is the payload.
struct Read {
    static constexpr Word label = request_label(Protocol::log, 1);
    struct Reply {
        Word number = 0; ///< above `from` if that one is no longer kept
        Word priority = 0;
        Word sender = 0;
        Word uptime = 0; ///< microseconds
    };
    Word from = 1;
};

constexpr const char* describe(Error value) {
    switch (value) {
    case Error::bad_priority: return "no such priority";
    case Error::not_text: return "not a line of text";
    case Error::no_record: return "no such record";
    case Error::last: break;
    }
    return "unknown error of the log service";
}

static_assert(Request<Write> && Request<Read>);

} // namespace sys::protocol::log
