namespace OnnxTransfer.Imaging;

/// <summary>The filter of a resize, widened when scaling down (antialiased) as Pillow does.</summary>
public enum Interpolation
{
    /// <summary>Triangle of radius 1: Pillow's BILINEAR.</summary>
    Bilinear,

    /// <summary>Keys' cubic convolution with a = -0.5, radius 2: Pillow's BICUBIC.</summary>
    Bicubic,
}
