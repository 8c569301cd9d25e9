namespace OnnxTransfer.Onnx;

/// <summary>The shape of the tensor that colour images go into.</summary>
internal static class ImageShape
{
    /// <summary>[batch, 3, height, width] or [batch, height, width, 3].</summary>
    public static long[] Of(TensorLayout layout, long batch, long height, long width) =>
        layout == TensorLayout.Nchw ? [batch, 3, height, width] : [batch, height, width, 3];
}
