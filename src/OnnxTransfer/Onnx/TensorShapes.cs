using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer.Onnx;

/// <summary>
/// Element type and concrete dimensions of every tensor of a model for one batch, inferred node by node as ONNX defines
/// its operators. Small integer tensors are computed on the way, so that shapes a graph computes for itself
/// (Shape, Gather, Concat, Reshape, as exporters write them) are known too.
/// </summary>
public sealed class TensorShapes
{
    private readonly IReadOnlyDictionary<string, KnownTensor> _known;

    private TensorShapes(ShapeWalk walk)
    {
        _known = walk.Known;
        Unknown = walk.Unknown;
        WithoutRule = walk.WithoutRule;
    }

    /// <summary>Each tensor that could not be inferred, and why: the node, what was found, what was expected.</summary>
    public IReadOnlyDictionary<string, string> Unknown { get; }

    /// <summary>Operators of the model that no rule is known for, in the order they first occur; others' domains stand before the name.</summary>
    internal IReadOnlyCollection<string> WithoutRule { get; }

    /// <summary>The type of the tensor of this name; null where it is unknown or there is none.</summary>
    public TensorType? this[string tensor] => _known.TryGetValue(tensor, out var known) ? known.Type : null;

    /// <summary>
    /// Walks the nodes in order. A symbolic first dimension of an input is taken as <paramref name="batch"/>; other symbolic
    /// dimensions must be given by <paramref name="inputs"/>, the whole shapes of inputs by name, or stay unknown with all
    /// that follows from them. Never fails for what a graph holds: what makes no sense is in <see cref="Unknown"/>.
    /// </summary>
    /// <exception cref="OnnxException">A shape is given for no input, or one that the input cannot have.</exception>
    public static TensorShapes Infer(OnnxModel model, int batch = 1, IReadOnlyDictionary<string, IReadOnlyList<long>>? inputs = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        var walk = new ShapeWalk(model, new InputShapes(model, batch, inputs));
        walk.Run();
        return new(walk);
    }

    /// <summary>The values of a small tensor that is the same for every image, row by row; null where it is none.</summary>
    internal double[]? Values(string tensor) => _known.TryGetValue(tensor, out var known) ? known.Values : null;
}
