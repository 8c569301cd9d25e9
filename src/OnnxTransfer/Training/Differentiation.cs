using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;
using OnnxTransfer.Training.Gradients;

namespace OnnxTransfer.Training;

/// <summary>
/// Reverse-mode differentiation of an ONNX graph, into nodes of the same graph: backwards from a scalar, each node's rule
/// (<see cref="GradientRules"/>) turns the gradient of its output (or of several) into those of its inputs; where a tensor is read by several
/// nodes, their shares are added.
/// </summary>
internal sealed class Differentiation
{
    /// <summary>From operator set 13 on sums take their axes as an input and softmax works along one axis alone.</summary>
    private const int OldestOpset = 13;

    private readonly GraphBuilder _builder;
    private readonly OnnxModel _forward;
    private readonly TensorShapes _shapes;
    private readonly IReadOnlyList<string> _by;
    private readonly HashSet<string> _dependent;
    private readonly Dictionary<string, List<string>> _shares = new(StringComparer.Ordinal);

    private Differentiation(GraphBuilder builder, OnnxModel forward, TensorShapes shapes, IReadOnlyList<string> by)
    {
        (_builder, _forward, _shapes, _by) = (builder, forward, shapes, by);
        _dependent = by.ToHashSet(StringComparer.Ordinal);
        foreach (var node in forward.Graph.Node.Where(node => node.Input.Any(_dependent.Contains)))
        {
            _dependent.UnionWith(node.Output.Where(output => output.Length > 0));
        }
    }

    /// <summary>
    /// Adds to <paramref name="builder"/>, which holds the nodes of <paramref name="forward"/>, the gradients of a scalar by
    /// tensors of the graph, each of its tensor's shape and type; returns their names in the order of <paramref name="by"/>.
    /// </summary>
    /// <param name="builder">Over a copy of <paramref name="forward"/>.</param>
    /// <param name="forward">Nodes in order, of operator set 13 or newer.</param>
    /// <param name="shapes">Of <paramref name="forward"/>, at the batch the gradients are to be run with.</param>
    /// <param name="of">The scalar: one element.</param>
    /// <param name="by">Weights or inputs of <paramref name="forward"/>.</param>
    /// <exception cref="TrainingException">
    /// An operator between them has no rule, a shape is unknown, the scalar is none, or does not depend on one of them.
    /// </exception>
    public static IReadOnlyList<string> Gradients(
        GraphBuilder builder, OnnxModel forward, TensorShapes shapes, string of, IReadOnlyList<string> by)
    {
        if (forward.Opset < OldestOpset)
        {
            throw new TrainingException(
                $"{forward.Source}: is of operator set {forward.Opset}; gradients are made for {OldestOpset} and newer: "
                + $"convert it with onnx.version_converter.convert_version(model, {OldestOpset})");
        }

        return new Differentiation(builder, forward, shapes, by).Run(of, by);
    }

    private string[] Run(string of, IReadOnlyList<string> by)
    {
        var scalar = _shapes[of];
        if (scalar is null || scalar.Count != 1)
        {
            throw new TrainingException(
                $"{_forward.Source}: '{of}' {(scalar is null ? $"has no known shape ({_shapes.Unknown.GetValueOrDefault(of, "there is no such tensor")})" : $"is {scalar}")}; "
                + "expected a loss of one element: reduce it with ReduceSum or ReduceMean");
        }

        if (_dependent.Contains(of))
        {
            Share(of, _builder.Reals($"{of}_gradient", scalar.ElementType, [1.0], [.. scalar.Dimensions]));
        }

        foreach (var node in _forward.Graph.Node.Reverse().Where(node => node.Output.Any(_shares.ContainsKey)))
        {
            Visit(node, of);
        }

        return [.. by.Select(name => Sum(name) ?? throw new TrainingException(
            $"{_forward.Source}: '{of}' does not depend on '{name}', which therefore cannot be trained; leave it out of the trainable weights"))];
    }

    private void Visit(NodeProto node, string of)
    {
        string Advice() => TrainableTap.Advice(_forward, node, of, _by);
        if (GradientRules.Find(node) is not { } rule || node.Output.Index().Any(output => _shares.ContainsKey(output.Item) && !GradientRules.Takes(node, output.Index)))
        {
            throw new TrainingException(
                $"{_forward.Source}: {ShortNames.Of(node)} lies between the loss and {Behind(node)}, and no gradient is known for it; {Advice()}");
        }

        var place = new GradientNode(_builder, _forward.Source, node, _shapes, _dependent, Sum, Advice);
        var gradients = rule(place, place.GradientOf(0));
        for (var i = 0; i < gradients.Length; i++)
        {
            if (gradients[i] is { } gradient && place.Needs(i))
            {
                Share(node.Input[i], gradient);
            }
        }
    }

    private string Behind(NodeProto node) => $"'{node.Input.First(_dependent.Contains)}', which depends on trainable weights";

    private void Share(string tensor, string gradient)
    {
        if (!_shares.TryGetValue(tensor, out var shares))
        {
            _shares[tensor] = shares = [];
        }

        shares.Add(gradient);
    }

    // The whole gradient of a tensor, once all its readers were visited; null where the scalar does not depend on it.
    private string? Sum(string tensor)
    {
        if (!_shares.TryGetValue(tensor, out var shares))
        {
            return null;
        }

        if (shares.Count > 1)
        {
            _shares[tensor] = shares = [_builder.Node("Sum", [.. shares], $"{tensor}_gradient")];
        }

        return shares[0];
    }
}
