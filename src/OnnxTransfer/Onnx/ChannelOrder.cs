namespace OnnxTransfer.Onnx;

/// <summary>The order of the colour channels in a network's input.</summary>
public enum ChannelOrder
{
    /// <summary>Red, green, blue.</summary>
    Rgb,

    /// <summary>Blue, green, red (networks trained with OpenCV or Caffe).</summary>
    Bgr,
}
