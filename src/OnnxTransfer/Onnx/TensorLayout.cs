namespace OnnxTransfer.Onnx;

/// <summary>The order of the dimensions of image tensors in a network.</summary>
public enum TensorLayout
{
    /// <summary>Batch, channels, rows, columns (PyTorch, Caffe, MXNet).</summary>
    Nchw,

    /// <summary>Batch, rows, columns, channels (TensorFlow).</summary>
    Nhwc,
}
