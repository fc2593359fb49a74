import java.io.OutputStream;
import java.net.Socket;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HexFormat;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** As drivers do: asks in clear for encryption, then encrypts. `@PORT:HEX` connects, says HEX, waits for one byte and encrypts; `@PORT` encrypts at once; HEX sends. */
public class Sealed {
    private static final class Anybody implements X509TrustManager {
        public void checkClientTrusted(X509Certificate[] chain, String kind) {}
        public void checkServerTrusted(X509Certificate[] chain, String kind) {}
        public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
    }

    public static void main(String[] args) throws Exception {
        var context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] { new Anybody() }, null);
        SSLSocket sealed = null;
        for (String arg : args) {
            if (arg.startsWith("@")) {
                if (sealed != null) sealed.close();
                String[] parts = arg.substring(1).split(":");
                var socket = new Socket("127.0.0.1", Integer.parseInt(parts[0]));
                if (parts.length > 1) {
                    socket.getOutputStream().write(HexFormat.of().parseHex(parts[1]));
                    socket.getInputStream().read();
                }
                sealed = (SSLSocket) context.getSocketFactory().createSocket(socket, "localhost", socket.getPort(), true);
                continue;
            }
            byte[] bytes = HexFormat.of().parseHex(arg);
            byte[] among = new byte[bytes.length + 5];
            System.arraycopy(bytes, 0, among, 3, bytes.length);
            byte[] before = among.clone();
            try {
                OutputStream out = sealed.getOutputStream();
                out.write(among, 3, bytes.length);
                System.out.println(Arrays.equals(among, before) ? "sent" : "changed");
            } catch (java.io.IOException e) {
                System.out.println(e);
            }
        }
        for (int length : new int[] { 1, 9 })
            try {
                sealed.getOutputStream().write(length == 1 ? null : new byte[4], 0, length);
            } catch (NullPointerException | IndexOutOfBoundsException e) {
                System.out.println(e.getClass().getSimpleName());
            }
        sealed.close();
    }
}
