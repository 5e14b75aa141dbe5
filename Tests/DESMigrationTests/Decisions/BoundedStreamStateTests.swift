import Testing

@testable import DESMigration

@Suite struct BoundedStreamStateTests {
    private typealias State = BoundedStreamState<String>

    @Test func `producers go on until the limit is reached, and that element is in as well`() {
        var state = State(limit: 10)
        #expect(state.send("a", weight: 4) == .proceed)
        #expect(state.send("b", weight: 5) == .proceed)
        #expect(state.hasRoom)
        #expect(state.send("c", weight: 1) == .waitForRoom)
        #expect(!state.hasRoom)
        #expect(state.weight == 10)
        #expect(state.count == 3)
    }

    @Test func `an element heavier than the limit is taken in all the same`() {
        var state = State(limit: 10)
        #expect(state.send("heavy", weight: 1000) == .waitForRoom)
        #expect(state.receive(atMost: 1) == .take(["heavy"], resuming: []))
    }

    @Test(arguments: [0, -1, Int.min]) func `a limit below one lets one element in`(limit: Int) {
        var state = State(limit: limit)
        #expect(state.hasRoom)
        #expect(state.send("a", weight: 1) == .waitForRoom)
    }

    @Test func `elements come out in the order in which they went in`() {
        var state = State(limit: 1000)
        for number in 0..<200 { _ = state.send("\(number)", weight: 1) }
        for number in 0..<150 { #expect(state.receive(atMost: 1) == .take(["\(number)"], resuming: [])) }
        #expect(state.receive(atMost: 1000) == .take((150..<200).map(String.init), resuming: []))
        #expect(state.weight == 0)
        #expect(state.receive(atMost: 1) == .wait)
    }

    @Test func `what was taken is not kept, though more waits behind it`() {
        final class Kept {}
        var stream = BoundedStreamState<Kept>(limit: 100)
        var first: Kept? = Kept()
        weak let seen = first
        if let element = first { _ = stream.send(element, weight: 1) }
        _ = stream.send(Kept(), weight: 1)
        first = nil
        #expect(seen != nil)
        if case .take(let elements, _) = stream.receive(atMost: 1) { #expect(elements.count == 1) }
        #expect(seen == nil && stream.count == 1)
    }

    @Test(arguments: [-5, 0, 1, 2, 3, 100]) func `a group has at least one element and at most what was asked for`(
        maximum: Int
    ) {
        var state = State(limit: 100)
        for element in ["a", "b", "c"] { _ = state.send(element, weight: 1) }
        let expected = Array(["a", "b", "c"].prefix(max(1, maximum)))
        #expect(state.receive(atMost: maximum) == .take(expected, resuming: []))
        #expect(state.count == 3 - expected.count)
    }

    @Test func `waiting producers go on together, once there is room, and only once`() {
        var state = State(limit: 2)
        let producers = [state.newWaiter(), state.newWaiter()]
        #expect(producers[0] != producers[1])
        _ = state.send("a", weight: 2)
        _ = state.send("b", weight: 2)
        for producer in producers {
            let waits = state.addProducer(producer)
            #expect(waits)
        }
        #expect(state.receive(atMost: 1) == .take(["a"], resuming: []))
        #expect(state.receive(atMost: 1) == .take(["b"], resuming: producers))
        _ = state.send("c", weight: 1)
        #expect(state.receive(atMost: 1) == .take(["c"], resuming: []))
    }

    @Test func `a producer does not wait if there is room by the time it would`() {
        var state = State(limit: 1)
        #expect(state.send("a", weight: 1) == .waitForRoom)
        _ = state.receive(atMost: 1)
        let waits = state.addProducer(state.newWaiter())
        #expect(!waits)
    }

    @Test func `an element goes past the queue to the consumer that has waited longest`() {
        var state = State(limit: 1)
        let consumers = [state.newWaiter(), state.newWaiter()]
        for consumer in consumers {
            #expect(state.receive(atMost: 1) == .wait)
            state.addConsumer(consumer)
        }
        #expect(state.send("a", weight: 99) == .deliver(["a"], to: consumers[0]))
        #expect(state.send("b", weight: 99) == .deliver(["b"], to: consumers[1]))
        #expect(state.weight == 0)
        #expect(state.send("c", weight: 1) == .waitForRoom)
    }

    @Test func `after the finish what is queued comes out, then the end, and nothing goes in`() {
        var state = State(limit: 10)
        _ = state.send("a", weight: 1)
        #expect(state.finish().isEmpty)
        #expect(state.isFinished)
        #expect(state.send("b", weight: 1) == .refuse)
        #expect(state.receive(atMost: 5) == .take(["a"], resuming: []))
        #expect(state.receive(atMost: 5) == .end)
        #expect(state.receive(atMost: 5) == .end)
    }

    @Test func `the finish gives all who wait, once`() {
        var consuming = State(limit: 1)
        let consumer = consuming.newWaiter()
        consuming.addConsumer(consumer)
        #expect(consuming.finish() == [consumer])
        #expect(consuming.finish() == [])

        var producing = State(limit: 1)
        let producer = producing.newWaiter()
        _ = producing.send("a", weight: 1)
        _ = producing.addProducer(producer)
        #expect(producing.finish() == [producer])
        let waits = producing.addProducer(producing.newWaiter())
        #expect(!waits)
    }

    @Test func `who has given up waiting gets nothing`() {
        var state = State(limit: 1)
        let (gone, waiting) = (state.newWaiter(), state.newWaiter())
        state.addConsumer(gone)
        state.addConsumer(waiting)
        state.remove(gone)
        #expect(state.send("a", weight: 1) == .deliver(["a"], to: waiting))

        _ = state.send("b", weight: 1)
        let producers = [state.newWaiter(), state.newWaiter()]
        for producer in producers { _ = state.addProducer(producer) }
        state.remove(producers[0])
        #expect(state.receive(atMost: 1) == .take(["b"], resuming: [producers[1]]))
    }
}
