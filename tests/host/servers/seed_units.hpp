// SPDX-License-Identifier: BSD-2-Clause
// The units of the original system, written anew from what is known of them, and the example of its README.
#pragma once

#include <string_view>

namespace seed_units {

struct File {
    std::string_view name;
    std::string_view text;
};

inline constexpr File files[] = {
    {"syslog.service", R"([Unit]
Description=System logging
DefaultDependencies=no

[Service]
Type=simple
ExecStart=/usr/bin/syslogd
Restart=always

[Install]
WantedBy=basic.target multi-user.target
)"},
    {"network.service", R"([Unit]
Description=Network
After=basic.target

[Service]
Type=simple
ExecStart=/usr/bin/network-daemon
Restart=on-failure

[Install]
WantedBy=multi-user.target
)"},
    {"eclipse-shell.service", R"([Unit]
Description=Shell
After=basic.target network.service

[Service]
Type=simple
ExecStart=/bin/eclipse-shell
Restart=on-failure

[Install]
WantedBy=multi-user.target
)"},
    {"drm-init.service", R"([Unit]
Description=Display hardware
After=basic.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/drm-init

[Install]
WantedBy=hardware.target
)"},
    {"input-init.service", R"([Unit]
Description=Input hardware
After=basic.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/input-init

[Install]
WantedBy=hardware.target
)"},
    {"eclipse-wayland.service", R"([Unit]
Description=Wayland server
After=hardware.target
Requires=hardware.target

[Service]
Type=simple
ExecStart=/usr/bin/eclipse-wayland
Restart=on-failure

[Install]
WantedBy=wayland.target graphical.target
)"},
    {"eclipse-cosmic.service", R"([Unit]
Description=Desktop
After=eclipse-wayland.service
Requires=eclipse-wayland.service

[Service]
Type=simple
ExecStart=/usr/bin/eclipse-cosmic
Restart=on-failure

[Install]
WantedBy=graphical.target
)"},
};

/// The README's example: its two Environment= lines are what the original lost one of.
inline constexpr File readme_example = {"eclipse-gui.service", R"([Unit]
Description=Graphical user interface
Documentation=https://example.org/eclipse
After=network.service
Wants=network.service
Requires=basic.target

[Service]
Type=notify
ExecStart=/usr/bin/eclipse-gui
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=5
User=eclipse
Group=eclipse
WorkingDirectory=/usr/bin
Environment=DISPLAY=:0
Environment=XDG_SESSION_TYPE=wayland

[Install]
WantedBy=graphical.target
)"};

} // namespace seed_units
