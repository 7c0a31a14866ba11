seq 1 5000 > data
for h in sha256 sha1 sha512 md5 sha3-256 blake2s256; do openssl dgst -$h data; done
openssl enc -aes-256-cbc -K 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff -iv 000102030405060708090a0b0c0d0e0f -in data -out cbc; sha256sum cbc; openssl enc -d -aes-256-cbc -K 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff -iv 000102030405060708090a0b0c0d0e0f -in cbc | cmp - data && echo cbc
openssl enc -aes-128-ctr -K 00112233445566778899aabbccddeeff -iv 00 -in data | sha256sum; openssl enc -chacha20 -K 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff -iv 00 -in data 2>/dev/null | sha256sum
openssl speed -seconds 1 -bytes 1024 -evp aes-128-gcm 2>/dev/null | grep -c AES-128-GCM
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out key.pem 2>/dev/null; openssl pkey -in key.pem -pubout -out pub.pem; openssl dgst -sha256 -sign key.pem -out sig data; openssl dgst -sha256 -verify pub.pem -signature sig data; echo x >> data; openssl dgst -sha256 -verify pub.pem -signature sig data 2>/dev/null; echo "changed: $?"
openssl genpkey -algorithm ed25519 -out ed.pem; openssl pkeyutl -sign -inkey ed.pem -rawin -in cbc -out edsig; openssl pkeyutl -verify -inkey ed.pem -rawin -in cbc -sigfile edsig
openssl req -x509 -key key.pem -subj /CN=ferry -days 1 -out cert.pem 2>/dev/null; openssl x509 -in cert.pem -noout -subject; openssl rand -hex 8 | wc -c; openssl prime 1000003
openssl pkcs12 -export -inkey key.pem -in cert.pem -passout pass:x -out p12 && openssl pkcs12 -in p12 -passin pass:x -nokeys 2>/dev/null | grep -c BEGIN
