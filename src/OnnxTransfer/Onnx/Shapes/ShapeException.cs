namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Why a rule gives no shape; its message ends in <see cref="TensorShapes.Unknown"/>, never with a user.</summary>
/// <param name="reason">What was found and what was expected.</param>
/// <param name="open">Whether the graph may be right all the same: the shape depends on what is known only when it runs.</param>
internal sealed class ShapeException(string reason, bool open = false) : Exception(reason)
{
    /// <summary>Then a shape that the file declares can be trusted.</summary>
    public bool Open { get; } = open;
}
