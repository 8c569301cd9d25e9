using OnnxTransfer.Cli;
#if HAS_IMAGESHARP
using OnnxTransfer.ImageSharp;
using OnnxTransfer.Imaging;

// Formats whose native library is missing are still read.
ImageDecoders.Register(new ImageSharpDecoder());
#endif

using var interruption = new Interruption();
return await CommandLine.RunAsync(args, Terminal.OfProcess(), interruption);
