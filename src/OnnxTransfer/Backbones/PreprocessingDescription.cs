using OnnxTransfer.Imaging;

namespace OnnxTransfer.Backbones;

/// <summary>
/// From a decoded image to the input tensor, as the backbone was trained: resize, cut out the centre, (x / 255 - mean) / std.
/// </summary>
/// <param name="ShorterSide">True: the shorter side is resized to <paramref name="Height"/>; false: exactly to height x width.</param>
/// <param name="Height">Rows after resizing.</param>
/// <param name="Width">Columns after resizing; equal to the rows where the shorter side rules.</param>
/// <param name="CropHeight">Rows of the cut-out.</param>
/// <param name="CropWidth">Columns of the cut-out.</param>
/// <param name="Interpolation">bilinear or bicubic, as Pillow computes them.</param>
/// <param name="Mean">Three numbers, of x / 255, in the order of the network's channels.</param>
/// <param name="Std">Three numbers above 0, likewise.</param>
public sealed record PreprocessingDescription(
    bool ShorterSide, int Height, int Width, int CropHeight, int CropWidth, string Interpolation,
    IReadOnlyList<float> Mean, IReadOnlyList<float> Std)
{
    /// <summary>The part that is done to pixels; scaling to floats is the graph's.</summary>
    public PixelPreprocessing ToPixelPreprocessing() => new()
    {
        Resize = ShorterSide ? ResizeRule.ShorterSide : ResizeRule.Exact,
        Height = Height,
        Width = Width,
        CropHeight = CropHeight,
        CropWidth = CropWidth,
        Interpolation = Interpolation == "bicubic" ? Imaging.Interpolation.Bicubic : Imaging.Interpolation.Bilinear,
    };
}
