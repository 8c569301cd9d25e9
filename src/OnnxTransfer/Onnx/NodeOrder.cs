using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>Puts nodes after those whose results they read. Some writers do not, and ONNX demands it.</summary>
internal static class NodeOrder
{
    private enum State : byte
    {
        New,
        Open,
        Done,
    }

    /// <summary>
    /// Sorts the nodes of <paramref name="graph"/>; each keeps its place where it can. <paramref name="needs"/>[i] are the
    /// nodes that node i reads from. Depth first with a stack of its own, since chains may be as long as the file.
    /// </summary>
    /// <exception cref="OnnxException">The nodes form a cycle, which the message names.</exception>
    public static void Sort(GraphProto graph, IReadOnlyList<IReadOnlyList<int>> needs, string source)
    {
        if (Enumerable.Range(0, needs.Count).All(i => needs[i].All(n => n < i)))
        {
            return;
        }

        var order = new List<NodeProto>(needs.Count);
        var states = new State[needs.Count];
        var path = new Stack<(int Node, int Next)>();
        for (var start = 0; start < needs.Count; start++)
        {
            if (states[start] == State.New)
            {
                path.Push((start, 0));
            }

            while (path.TryPop(out var top))
            {
                states[top.Node] = State.Open;
                if (top.Next == needs[top.Node].Count)
                {
                    states[top.Node] = State.Done;
                    order.Add(graph.Node[top.Node]);
                    continue;
                }

                path.Push((top.Node, top.Next + 1));
                var needed = needs[top.Node][top.Next];
                if (states[needed] == State.Open)
                {
                    throw Cycle(graph, [.. path.Select(p => p.Node).TakeWhile(n => n != needed).Append(needed)], source);
                }

                if (states[needed] == State.New)
                {
                    path.Push((needed, 0));
                }
            }
        }

        graph.Node.Clear();
        graph.Node.AddRange(order);
    }

    /// <summary>The nodes in the order in which results flow; the last one feeds the first.</summary>
    private static OnnxException Cycle(GraphProto graph, int[] cycle, string source)
    {
        const int Shown = 10;
        var nodes = string.Join(" -> ", cycle.Prepend(cycle[^1]).Take(Shown).Select(n => ShortNames.Of(graph.Node[n])));
        var more = cycle.Length >= Shown ? $" and {cycle.Length + 1 - Shown} more" : "";
        return new($"{source}: {nodes}{more} read each other's results in a circle; expected a graph without cycles: export the model again");
    }
}
