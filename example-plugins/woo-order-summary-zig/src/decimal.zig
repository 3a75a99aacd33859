//! Sums of decimal texts: a whole number and how many of its digits stand after the point. No floats.

const std = @import("std");

pub const Decimal = struct {
    coefficient: i128 = 0,
    scale: u8 = 0,

    pub const zero: Decimal = .{};

    /// `-12.34`, `1E-7`; anything else, and what does not fit, is an error.
    pub fn parse(given: []const u8) error{NotDecimal}!Decimal {
        const number = std.mem.trim(u8, given, " \t\r\n");
        var result: Decimal = .{};
        var scale: i32 = 0;
        var digits: usize = 0;
        var point = false;
        const negative = number.len > 0 and number[0] == '-';
        var at: usize = @intFromBool(negative);
        while (at < number.len) : (at += 1) switch (number[at]) {
            '0'...'9' => |digit| {
                digits += 1;
                scale += @intFromBool(point);
                try result.push(digit - '0');
            },
            '.' => if (point) return error.NotDecimal else {
                point = true;
            },
            'e', 'E' => break,
            else => return error.NotDecimal,
        };
        if (digits == 0) return error.NotDecimal;
        if (at < number.len) scale -= std.fmt.parseInt(i16, number[at + 1 ..], 10) catch return error.NotDecimal;
        while (scale < 0) : (scale += 1) try result.push(0);
        if (scale > 28) return error.NotDecimal;
        result.scale = @intCast(scale);
        if (negative) result.coefficient = -result.coefficient;
        return result;
    }

    fn push(self: *Decimal, digit: u8) error{NotDecimal}!void {
        const limit = std.math.pow(i128, 10, 37);
        if (self.coefficient >= limit) return error.NotDecimal;
        self.coefficient = self.coefficient * 10 + digit;
    }

    /// Exact; a sum that does not fit is an error.
    pub fn plus(self: Decimal, other: Decimal) error{NotDecimal}!Decimal {
        const scale = @max(self.scale, other.scale);
        const a, const b = .{ try self.raised(scale), try other.raised(scale) };
        const sum = std.math.add(i128, a, b) catch return error.NotDecimal;
        return .{ .coefficient = sum, .scale = scale };
    }

    fn raised(self: Decimal, scale: u8) error{NotDecimal}!i128 {
        const by = std.math.pow(i128, 10, scale - self.scale);
        return std.math.mul(i128, self.coefficient, by) catch error.NotDecimal;
    }

    /// Digit by digit, with the scale it was read with.
    pub fn text(self: Decimal, allocator: std.mem.Allocator) ![]const u8 {
        const sign = if (self.coefficient < 0) "-" else "";
        if (self.scale == 0) return std.fmt.allocPrint(allocator, "{s}{d}", .{ sign, @abs(self.coefficient) });
        const digits = try std.fmt.allocPrint(allocator, "{d}", .{@abs(self.coefficient)});
        const zeros = "00000000000000000000000000000"[0 .. (self.scale + 1) -| digits.len];
        const all = try std.mem.concat(allocator, u8, &.{ sign, zeros, digits });
        const point = all.len - self.scale;
        return std.mem.concat(allocator, u8, &.{ all[0..point], ".", all[point..] });
    }
};

test "a decimal keeps its digits" {
    const gpa = std.testing.allocator;
    var arena = std.heap.ArenaAllocator.init(gpa);
    defer arena.deinit();
    for ([_][]const u8{ "254.56", "33.333333333333336", "-0.77", "0.10", "0", "1500.00" }) |text| {
        try std.testing.expectEqualStrings(text, try (try Decimal.parse(text)).text(arena.allocator()));
    }
    try std.testing.expectEqualStrings("0.0000001", try (try Decimal.parse("1E-7")).text(arena.allocator()));
    try std.testing.expectEqualStrings("0.30", try (try (try Decimal.parse("0.1")).plus(try Decimal.parse("0.20"))).text(arena.allocator()));
    for ([_][]const u8{ "", "abc", "1,5", "NaN", "1e", "1e99", "-" }) |text| {
        try std.testing.expectError(error.NotDecimal, Decimal.parse(text));
    }
}
