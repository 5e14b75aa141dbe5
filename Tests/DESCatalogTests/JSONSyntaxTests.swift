import Foundation
import Testing

@testable import DESCatalog

struct JSONSyntaxTests {
    @Test(
        "the first place that is no JSON is told",
        arguments: [
            ("[\n  {\"uid\": \"é\", \"size\": 05}]", "line 2, column 24: expected a number"),
            ("[1,\n]", "line 2, column 1: expected a value after \",\", found \"]\""),
            ("{\"a\": 1,}", "line 1, column 9: expected a key in quotation marks after \",\", found \"}\""),
            ("[\"a\nb\"]", "line 1, column 4: a text goes over the end of its line"),
            ("[\"\\q\"]", "line 1, column 4: a backslash"),
            ("[\"\\u12G4\"]", "line 1, column 5: expected four hexadecimal digits"),
            ("-", "line 1, column 1: expected a number"), ("1.", "line 1, column 1: expected a number"),
            ("1e", "line 1, column 1: expected a number"), ("", "line 1, column 1: expected a value, found the end"),
            ("nul", "line 1, column 1: expected a value, found \"nul\""),
        ])
    func problems(json: String, message: String) {
        let problem = JSONSyntax.problem(in: Array(json.utf8)).map { "\($0)" } ?? "none"
        #expect(problem.hasPrefix(message), "\(problem)")
    }

    @Test("bytes that are no UTF-8 and endless nesting are told")
    func odd() {
        #expect(JSONSyntax.problem(in: [0x22, 0xFF, 0x22])?.message == "the text that begins here is not UTF-8")
        let nested = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
        #expect(JSONSyntax.problem(in: nested)?.message.contains("inside each other") == true)
    }

    @Test(
        "what is JSON has no problem",
        arguments: [
            "[]", "{}", " [ 1 , -0.5e+3, true, false, null, \"\" ] ", "{\"a\": {\"b\": [\"\\u00e9\\n\\\"\", \"é\"]}}",
            "0",
        ])
    func valid(json: String) {
        #expect(JSONSyntax.problem(in: Array(json.utf8)) == nil)
    }
}
