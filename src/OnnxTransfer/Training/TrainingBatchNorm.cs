using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Training;

/// <summary>
/// Lowers batch norms in training mode, which ONNX Runtime's inference builds do not run: mean and variance of the batch
/// become nodes, and the batch norm an ordinary one that reads them (Ioffe and Szegedy 2015, algorithm 1).
/// </summary>
/// <remarks>
/// The new running statistics are momentum x running + (1 - momentum) x batch, momentum as ONNX counts it. As in PyTorch
/// their variance is the unbiased one, where ONNX's definition takes the biased one that the batch is normalised with.
/// </remarks>
internal static class TrainingBatchNorm
{
    /// <summary>Lowers every batch norm with training_mode = 1; a graph without any is returned itself.</summary>
    /// <exception cref="TrainingException">The rank of its input is unknown, or its running statistics are no weights of its own.</exception>
    public static (OnnxModel Lowered, IReadOnlyList<RunningStatistic> Statistics) Lower(OnnxModel forward)
    {
        if (!forward.Graph.Node.Any(IsTraining))
        {
            return (forward, []);
        }

        var shapes = TensorShapes.Infer(forward);
        var builder = GraphBuilder.Over(forward);
        var statistics = new List<RunningStatistic>();
        foreach (var node in builder.TakeNodes())
        {
            if (IsTraining(node))
            {
                Lower(builder, forward, node, shapes, statistics);
            }
            else
            {
                builder.Put(node);
            }
        }

        return (builder.Build(), statistics);
    }

    private static bool IsTraining(NodeProto node) => node.IsStandard("BatchNormalization") && node.Long("training_mode", 0) != 0;

    private static void Lower(GraphBuilder builder, OnnxModel forward, NodeProto node, TensorShapes shapes, List<RunningStatistic> statistics)
    {
        string x = node.Input[0], output = node.Output[0];
        if (shapes[x] is not { } type)
        {
            throw new TrainingException($"{forward.Source}: {ShortNames.Of(node)} normalises by the batch, and the shape of its input is unknown: "
                + shapes.Unknown.GetValueOrDefault(x, $"no node gives '{x}'"));
        }

        long[] axes = [.. Enumerable.Range(0, type.Dimensions.Count).Where(axis => axis != 1).Select(axis => (long)axis)];
        string means = Mean(builder, x, axes, $"{output}_means"), all = builder.Longs($"{output}_all", [-1], 1);
        string centred = builder.Node("Sub", [x, means], $"{output}_centred");
        string variances = Mean(builder, builder.Node("Mul", [centred, centred], $"{output}_squares"), axes, $"{output}_variances");
        string mean = builder.Node("Reshape", [means, all], $"{output}_mean"), variance = builder.Node("Reshape", [variances, all], $"{output}_variance");

        // The names of the outputs stay; those of the statistics are chosen where the node leaves them out.
        double momentum = node.Float("momentum", 0.9f);
        foreach (var (place, batch) in new[] { (3, mean), (4, Unbiased(builder, variance, x, type.ElementType)) })
        {
            string name = node.Input[place], after = place - 2 < node.Output.Count ? node.Output[place - 2] : "";
            if (forward.Graph.Initializer.All(weight => weight.Name != name) || statistics.Exists(other => other.Name == name))
            {
                throw new TrainingException($"{forward.Source}: {ShortNames.Of(node)} keeps its running statistics in '{name}'; "
                    + "expected a weight that no other batch norm in training keeps its own in: give each batch norm its own, or freeze it with training_mode = 0");
            }

            string kept = Scaled(name, momentum), added = Scaled(batch, 1 - momentum);
            statistics.Add(new(name, after.Length > 0 ? Put(after) : builder.Node("Add", [kept, added], $"{name}_after")));

            string Put(string given)
            {
                var sum = new NodeProto { OpType = "Add", Input = { kept, added }, Output = { given } };
                builder.Put(sum);
                return given;
            }
        }

        var frozen = new NodeProto { OpType = node.OpType, Name = node.Name, Input = { x, node.Input[1], node.Input[2], mean, variance }, Output = { output } };
        frozen.Attribute.AddRange(node.Attribute.Where(attribute => attribute.Name == "epsilon"));
        builder.Put(frozen);

        string Scaled(string tensor, double by) => builder.Node("Mul", [tensor, builder.Reals("momentum", type.ElementType, [by], 1)], $"{output}_part");
    }

    private static string Mean(GraphBuilder builder, string tensor, long[] axes, string hint) => builder.Opset >= 18
        ? builder.Node("ReduceMean", [tensor, builder.Longs("batch_axes", axes, axes.Length)], hint, ("keepdims", 1))
        : builder.Node("ReduceMean", [tensor], hint, ("axes", axes), ("keepdims", 1));

    // n / (n - 1) for n values a channel, as the shape says when it is run; a single value keeps its variance of 0.
    private static string Unbiased(GraphBuilder builder, string variance, string x, ElementType type)
    {
        string count = builder.Node("Div", [builder.Node("Size", [x], "size"), builder.Node("Size", [variance], "size")], "count");
        string others = builder.Node("Max", [builder.Node("Sub", [count, builder.Longs("one", [1])], "others"), builder.Longs("one", [1])], "others");
        string factor = builder.Node("Div", [Real(count), Real(others)], "unbiased");
        return builder.Node("Mul", [variance, factor], "unbiased_variance");

        string Real(string integer) => builder.Node("Cast", [integer], "real", ("to", (int)type));
    }
}
