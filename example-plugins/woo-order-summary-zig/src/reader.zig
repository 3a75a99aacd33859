//! Reading JSON as shops write it: a text may be a number, nothing may be `null`, `""` or `[]`, and a list may
//! be an object. guest-sdk/models/README.md has the whole of these manners; here is what a summary needs.
//! Numbers keep their own text. A fault remembers its JSON Pointer.

const std = @import("std");
const Decimal = @import("decimal.zig").Decimal;
const Value = std.json.Value;

pub const Reader = struct {
    arena: std.mem.Allocator,
    /// Where the last fault is, and what.
    pointer: []const u8 = "",
    message: []const u8 = "",

    pub const Error = error{ Malformed, OutOfMemory };

    pub fn parse(self: *Reader, payload: []const u8) !Value {
        return std.json.parseFromSliceLeaky(Value, self.arena, payload, .{
            .parse_numbers = false,
            .duplicate_field_behavior = .use_last,
        });
    }

    fn wrong(self: *Reader, at: []const u8, name: []const u8, message: []const u8) Error {
        self.pointer = try std.mem.concat(self.arena, u8, &.{ at, "/", name });
        self.message = message;
        return error.Malformed;
    }

    /// A field; null where it is missing.
    fn field(of: Value, name: []const u8) Value {
        return if (of == .object) of.object.get(name) orelse .null else .null;
    }

    pub fn required(self: *Reader, of: Value, name: []const u8) Error!void {
        if (of != .object) return self.wrong("", name, "this is no object");
        if (of.object.get(name) == null) return self.wrong("", name, "the field is missing");
    }

    pub fn text(self: *Reader, at: []const u8, of: Value, name: []const u8) Error![]const u8 {
        return switch (field(of, name)) {
            .null => "",
            .string, .number_string => |characters| characters,
            .bool => |truth| if (truth) "true" else "false",
            .array => |items| if (items.items.len == 0) "" else self.wrong(at, name, "a list stands where a text belongs"),
            else => self.wrong(at, name, "an object stands where a text belongs"),
        };
    }

    /// An id; empty where it names nothing.
    pub fn id(self: *Reader, at: []const u8, of: Value, name: []const u8) Error![]const u8 {
        return switch (field(of, name)) {
            .null => "",
            .bool => |truth| if (truth) self.wrong(at, name, "this is no id") else "",
            .string, .number_string => |characters| if (std.mem.eql(u8, characters, "0")) "" else characters,
            else => self.wrong(at, name, "this is no id"),
        };
    }

    pub fn decimal(self: *Reader, at: []const u8, of: Value, name: []const u8) Error!Decimal {
        const written = switch (field(of, name)) {
            .null => return .zero,
            .string, .number_string => |characters| characters,
            else => return self.wrong(at, name, "this is not a decimal number"),
        };
        if (std.mem.trim(u8, written, " \t\r\n").len == 0) return .zero;
        return Decimal.parse(written) catch {
            const message = try std.fmt.allocPrint(self.arena, "`{s}` is not a decimal number", .{written});
            return self.wrong(at, name, message);
        };
    }

    /// The items of a list, or the values of an object that PHP made of one.
    pub fn list(self: *Reader, of: Value, name: []const u8) Error![]const Value {
        return switch (field(of, name)) {
            .null => &.{},
            .array => |items| items.items,
            .object => |items| items.values(),
            .string => |characters| if (characters.len == 0) &.{} else self.wrong("", name, "a text stands where a list belongs"),
            else => self.wrong("", name, "a number stands where a list belongs"),
        };
    }

    /// An object in an object; what stands for nothing is one without fields.
    pub fn object(self: *Reader, of: Value, name: []const u8) Error!Value {
        const value = field(of, name);
        return switch (value) {
            .object => value,
            .null => .null,
            .string => |characters| if (characters.len == 0) .null else self.wrong("", name, "a text stands where an object belongs"),
            .array => |items| if (items.items.len == 0) .null else self.wrong("", name, "a list stands where an object belongs"),
            else => self.wrong("", name, "a number stands where an object belongs"),
        };
    }
};
